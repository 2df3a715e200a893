import { describe, expect, it } from 'vitest';
import { redirected } from './checked-url.js';

const request = { kind: 'crl', method: 'GET', url: 'https://crl.example/list' } as const;
const to = (location: string, from: string = request.url) =>
  redirected(request, 302, location, new URL(from)).href;

describe('redirected', () => {
  it('resolves against where it stands, and drops the fragment', () => {
    expect(to('/other#part')).toBe('https://crl.example/other');
    expect(to('https://elsewhere.example/')).toBe('https://elsewhere.example/');
    expect(to('//elsewhere.example/')).toBe('https://elsewhere.example/');
  });

  it('goes from http to https, and not back', () => {
    expect(to('https://crl.example/', 'http://crl.example/')).toBe('https://crl.example/');
    expect(() => to('http://crl.example/')).toThrow(
      expect.objectContaining({ code: 'CRL_REDIRECT_REFUSED' }),
    );
  });

  it('says who redirects where', () => {
    expect(() => to('file:///etc/passwd')).toThrow(
      'The CRL distribution point https://crl.example/list redirects to file:///etc/passwd, which is neither http nor https',
    );
  });
});

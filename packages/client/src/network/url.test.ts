import { describe, expect, test } from 'vitest';
import { callableUrl, redirectTarget } from './url.js';

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return undefined;
};

describe('callableUrl', () => {
  test.each([
    'https://store.example/a',
    'http://127.0.0.1:1/',
    'http://localhost/',
    'http://[::1]:8/',
    'http://127.9.9.9/',
  ])('takes %s', (url) => expect(callableUrl(url).href).toBe(url));
  test.each([
    ['http://store.example/', 'URL_INSECURE'],
    ['http://127.0.0.1.example/', 'URL_INSECURE'],
    ['http://localhost.example/', 'URL_INSECURE'],
    ['http://0.0.0.0/', 'URL_INSECURE'],
    ['ftp://127.0.0.1/', 'URL_INVALID'],
    ['javascript:1', 'URL_INVALID'],
    ['store.example', 'URL_INVALID'],
    ['', 'URL_INVALID'],
    ['https://user@store.example/', 'URL_INVALID'],
    ['https://:pw@store.example/', 'URL_INVALID'],
  ])('refuses %s: %s', (url, code) => expect(codeOf(() => callableUrl(url))).toBe(code));
  test('sees loopback however it is written', () => {
    expect(callableUrl('http://0x7f000001/').hostname).toBe('127.0.0.1');
    expect(callableUrl('http://2130706433/#x').href).toBe('http://127.0.0.1/');
  });
});

describe('redirectTarget', () => {
  const https = new URL('https://store.example/a/b');
  const loopback = new URL('http://127.0.0.1:8/');
  test('follows within a class and upwards', () => {
    expect(redirectTarget(https, '../c').href).toBe('https://store.example/c');
    expect(redirectTarget(https, 'https://cdn.example/x').href).toBe('https://cdn.example/x');
    expect(redirectTarget(loopback, 'https://store.example/').href).toBe('https://store.example/');
    expect(redirectTarget(loopback, 'http://localhost:9/').href).toBe('http://localhost:9/');
  });
  test.each([
    [https, 'http://store.example/'],
    [https, 'http://127.0.0.1/'],
    [https, 'https://127.0.0.1/'],
    [https, 'https://localhost/'],
    [loopback, 'http://store.example/'],
    [loopback, 'data:text/plain,x'],
    [loopback, undefined],
  ])('refuses %s -> %s', (from, location) => {
    expect(codeOf(() => redirectTarget(from, location))).toBe('REDIRECT_REFUSED');
  });
});

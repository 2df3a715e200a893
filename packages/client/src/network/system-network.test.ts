import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { readSystemNetwork } from './system-network.js';
import { rejection } from './test-server-fixtures.js';

const [first = '', second = '', third = ''] = rootCertificates;

/** A disk with these files and no others. */
const disk = (files: Record<string, string>) => async (path: string) => {
  const text = files[path];
  if (text !== undefined) return text;
  throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
};
const debian = '/etc/ssl/certs/ca-certificates.crt';

describe('certificates', () => {
  test('come from the file that is named, Node’s own setting, and the system, each once', async () => {
    const files = disk({
      '/my.pem': `mine\n${first}\n`,
      '/extra.pem': second,
      [debian]: `${second}\n${third}\n`,
    });
    const env = { JPL_CA_FILE: '/my.pem', NODE_EXTRA_CA_CERTS: '/extra.pem' };
    expect(await readSystemNetwork(env, files)).toEqual({ ca: [first, second, third] });
  });

  test('of the system come from the first bundle there is, or from where SSL_CERT_FILE says', async () => {
    const files = disk({ '/etc/ssl/cert.pem': first, '/set.pem': second });
    expect(await readSystemNetwork({}, files)).toEqual({ ca: [first] });
    expect(await readSystemNetwork({ SSL_CERT_FILE: '/set.pem' }, files)).toEqual({ ca: [second] });
    expect(await readSystemNetwork({ NODE_EXTRA_CA_CERTS: '/gone.pem' }, disk({}))).toEqual({});
  });

  test.each([
    ['is not there', {}],
    ['holds none', { '/my.pem': 'hello' }],
    ['holds a broken one', { '/my.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
  ])('of a named file that %s are refused', async (_, files) => {
    const error = await rejection(
      readSystemNetwork({ JPL_CA_FILE: '/my.pem' }, disk(files as Record<string, string>)),
    );
    expect(error).toMatchObject({ code: 'CA_FILE_INVALID', at: '/my.pem' });
  });
});

describe('the proxy', () => {
  test.each([
    [{}, undefined],
    [{ http_proxy: '' }, undefined],
    [{ http_proxy: 'http://proxy:3128' }, { http: 'http://proxy:3128/', https: undefined }],
    [{ HTTPS_PROXY: 'proxy:3128' }, { http: undefined, https: 'http://proxy:3128/' }],
    [
      { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:2' },
      { http: undefined, https: 'http://a:1/' },
    ],
    [
      { all_proxy: 'https://proxy', https_proxy: 'http://own:1', NO_PROXY: '.example, 10.0.0.1' },
      { http: 'https://proxy/', https: 'http://own:1/', except: '.example, 10.0.0.1' },
    ],
  ])('of %j', async (env, proxy) => {
    expect((await readSystemNetwork(env, disk({}))).proxy).toEqual(proxy);
  });

  test.each(['socks5://proxy:1080', 'http://', 'http://user:secret@[', 'ftp://x'])(
    'that is none, %j, is refused, without a password in the words',
    async (text) => {
      const error = await rejection(readSystemNetwork({ https_proxy: text }, disk({})));
      expect(error).toMatchObject({ code: 'PROXY_INVALID', message: expect.not.stringContaining('secret') });
    },
  );
});

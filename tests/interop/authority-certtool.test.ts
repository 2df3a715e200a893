import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Authority,
  createKeyAndCsr,
  initAuthority,
  type KeyType,
  openAuthority,
} from '@jami-plugin-store/authority';
import { describe, expect, it } from 'vitest';
import { hasProgram, temporaryFolder } from './openssl.js';

const run = promisify(execFile);
const hasCerttool = await hasProgram('certtool', '--version');
if (!hasCerttool) process.stderr.write('authority: certtool (gnutls-bin) is not installed, skipped\n');

/** Each at this moment, since certtool knows no other. */
const clock = () => new Date();

async function withAuthority(
  keyType: KeyType,
  work: (
    authority: Authority,
    file: (name: string, content: string) => Promise<string>,
    rootPem: string,
  ) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const file = async (name: string, content: string) => {
    await writeFile(join(folder.path, name), content);
    return join(folder.path, name);
  };
  const dir = join(folder.path, 'authority');
  const { rootPem } = await initAuthority({
    dir,
    name: 'Root',
    baseUrl: 'http://ca.example',
    keyType,
    clock,
  });
  await using authority = await openAuthority({ dir, clock });
  await work(authority, file, rootPem);
}

const crlPem = (der: Uint8Array): string =>
  `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END X509 CRL-----\n`;

describe.skipIf(!hasCerttool)('certtool of GnuTLS', () => {
  it.each(['ec-p256', 'ec-p521', 'rsa-2048', 'ed25519'] as const)(
    'verifies the chain and the CRLs of an authority with %s keys',
    async (keyType) => {
      await withAuthority(keyType, async (authority, file, rootPem) => {
        const organization = await authority.createOrganization({ commonName: 'Acme', keyType });
        const { csrPem } = await createKeyAndCsr({ subject: { CN: 'Plugin' }, keyType: 'rsa-2048' });
        const plugin = await authority.issuePlugin(Buffer.from(csrPem), { issuer: organization.keyId });
        const chain = await file('chain.pem', plugin.pem + organization.pem + rootPem);
        const verified = await run('certtool', [
          '--verify-chain',
          '--verify-profile=medium',
          '--infile',
          chain,
        ]);
        expect(verified.stdout).toContain('Verified. The certificate is trusted.');
        const issuers = { root: rootPem, [organization.keyId]: organization.pem };
        for (const [id, pem] of Object.entries(issuers)) {
          const crl = await file('list.pem', crlPem((await authority.crl(id)).der));
          const by = ['--load-ca-certificate', await file('issuer.pem', pem), '--infile', crl];
          expect((await run('certtool', ['--verify-crl', ...by])).stdout).toContain('Verified.');
        }
      });
    },
  );
});

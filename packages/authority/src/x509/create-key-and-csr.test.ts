import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openssl, refusal, scratch } from '../authority-fixtures.js';
import { createKeyAndCsr } from './create-key-and-csr.js';
import { readRequest } from './csr.js';
import type { KeyType } from './key.js';

describe('createKeyAndCsr', () => {
  it.each<KeyType>(['rsa-2048', 'rsa-3072', 'ec-p256', 'ec-p384', 'ec-p521', 'ed25519'])(
    'makes a %s request that openssl verifies and this room reads',
    async (keyType) => {
      await using files = await scratch();
      const { csrPem, privateKeyPem } = await createKeyAndCsr({
        subject: { CN: 'Plügin 1', O: 'Acme', C: 'CA', emailAddress: 'a@example.org' },
        keyType,
      });
      const request = await files.file('request.pem', csrPem);
      const verified = await openssl([
        'req',
        '-verify',
        '-noout',
        '-subject',
        '-nameopt',
        'utf8',
        '-in',
        request,
      ]);
      expect(verified.stderr).toContain('verify OK');
      expect(verified.stdout).toContain('CN=Plügin 1, O=Acme, C=CA, emailAddress=a@example.org');
      const key = await openssl(['pkey', '-noout', '-in', await files.file('key.pem', privateKeyPem)]);
      expect(key.code).toBe(0);
      const { subject } = await readRequest(Buffer.from(csrPem), { use: 'organization' });
      expect(subject.map(({ name }) => name)).toEqual(['CN', 'O', 'C', 'emailAddress']);
    },
  );

  it('protects the key with a passphrase, as openssl reads it', async () => {
    await using files = await scratch();
    const made = await createKeyAndCsr({ subject: { CN: 'A' }, keyType: 'ec-p256', passphrase: 'secret' });
    expect(made.privateKeyPem).toContain('ENCRYPTED');
    const path = await files.file('key.pem', made.privateKeyPem);
    expect((await openssl(['pkey', '-noout', '-in', path, '-passin', 'pass:secret'])).code).toBe(0);
    expect((await openssl(['pkey', '-noout', '-in', path, '-passin', 'pass:other'])).code).not.toBe(0);
  });

  it('asks again for a key that exists', async () => {
    const first = await createKeyAndCsr({ subject: { CN: 'A' }, keyType: 'ec-p256' });
    const privateKey = createPrivateKey(first.privateKeyPem);
    const second = await createKeyAndCsr({ subject: { CN: 'A' }, privateKey });
    const read = (pem: string) => readRequest(Buffer.from(pem), { use: 'organization' });
    expect((await read(second.csrPem)).keyId).toBe((await read(first.csrPem)).keyId);
  });

  it('refuses a name that the authority would refuse', async () => {
    await refusal(createKeyAndCsr({ subject: { O: 'Acme' } }), 'CSR_SUBJECT_INVALID');
    await refusal(createKeyAndCsr({ subject: { CN: 'a\u202eb' } }), 'CSR_SUBJECT_INVALID');
    await refusal(createKeyAndCsr({ subject: { CN: 'a', C: 'Canada' } }), 'CSR_SUBJECT_INVALID');
  });
});

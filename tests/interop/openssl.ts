/** What a publisher without this project has at hand: `openssl`, `zip` and an editor for 20 lines of MessagePack. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const openssl = (folder: string, ...args: string[]) => run('openssl', args, { cwd: folder });

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'jpl-interop-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** True where the program can be started; those tests skip elsewhere. */
export async function hasProgram(name: string, probe = '-v'): Promise<boolean> {
  try {
    await run(name, [probe]);
    return true;
  } catch {
    return false;
  }
}

const configuration = `
[ca]
default_ca = by_hand
[by_hand]
database = index.txt
new_certs_dir = .
serial = serial
rand_serial = yes
default_md = sha256
policy = anything
[anything]
commonName = supplied
organizationName = optional
[req]
distinguished_name = empty
[empty]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[organization]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[plugin]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** Makes root.pem (EC), organization.pem (EC) and plugin.pem (RSA) with their keys, valid through 2026. */
export async function issueByHand(folder: string): Promise<void> {
  await writeFile(join(folder, 'openssl.cnf'), configuration);
  await writeFile(join(folder, 'index.txt'), '');
  const ec = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const rsa = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
  await issue(folder, 'root', ec, '/CN=Root by hand', ['-selfsign', '-keyfile', 'root.key']);
  await issue(folder, 'organization', ec, '/O=Hand/CN=Organization by hand', signedBy('root'));
  await issue(folder, 'plugin', rsa, '/CN=Plugin by hand', signedBy('organization'));
}

/** The raw signature `openssl dgst` makes: RSA PKCS#1 v1.5 over SHA-512. */
export async function signByHand(folder: string, key: string, file: string): Promise<Buffer> {
  await openssl(folder, 'dgst', '-sha512', '-sign', key, '-out', 'one.sig', file);
  return await readFile(join(folder, 'one.sig'));
}

/** MessagePack by the specification's own page: map of str -> bin. */
export function messagePackMap(map: ReadonlyMap<string, Uint8Array>): Buffer {
  if (map.size > 15) throw new RangeError('a fixmap holds 15 pairs');
  const parts: Uint8Array[] = [Uint8Array.of(0x80 | map.size)];
  for (const [key, value] of map) {
    const name = Buffer.from(key, 'utf8');
    parts.push(Uint8Array.of(0xd9, name.length), name);
    parts.push(Uint8Array.of(0xc5, value.length >> 8, value.length & 0xff), value);
  }
  return Buffer.concat(parts);
}

const signedBy = (issuer: string): string[] => ['-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`];

async function issue(
  folder: string,
  name: string,
  key: readonly string[],
  subject: string,
  signer: readonly string[],
): Promise<void> {
  await openssl(folder, 'genpkey', ...key, '-out', `${name}.key`);
  const config = ['-config', 'openssl.cnf'];
  await openssl(
    folder,
    'req',
    '-new',
    ...config,
    '-key',
    `${name}.key`,
    '-subj',
    subject,
    '-out',
    `${name}.csr`,
  );
  const validity = ['-startdate', '20260101000000Z', '-enddate', '20261231235959Z'];
  const request = [
    '-batch',
    '-notext',
    '-preserveDN',
    '-in',
    `${name}.csr`,
    '-extensions',
    name,
    '-out',
    `${name}.pem`,
  ];
  await openssl(folder, 'ca', ...config, ...request, ...signer, ...validity);
}

/** The same page read backwards: str 8/16 and fixstr keys, bin 8/16 values. */
export function readMessagePackMap(bytes: Buffer): ReadonlyMap<string, Buffer> {
  let at = 0;
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (length: number): number => take(length).readUIntBE(0, length);
  const lengthBehind = (form: number, one: number, two: number): number => {
    if (form === one) return number(1);
    if (form === two) return number(2);
    throw new RangeError(`form 0x${form.toString(16)} is not expected here`);
  };
  const head = number(1);
  const count = head >> 4 === 0x8 ? head & 0x0f : lengthBehind(head, 0, 0xde);
  const map = new Map<string, Buffer>();
  for (let pair = 0; pair < count; pair += 1) {
    const form = number(1);
    const key = take(form >> 5 === 0b101 ? form & 0x1f : lengthBehind(form, 0xd9, 0xda)).toString('utf8');
    map.set(key, take(lengthBehind(number(1), 0xc4, 0xc5)));
  }
  if (at !== bytes.length) throw new RangeError('bytes are left over');
  return map;
}

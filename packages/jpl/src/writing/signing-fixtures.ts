import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SigningMaterial } from './sign-entries.js';

export interface TestSigner extends SigningMaterial, AsyncDisposable {
  /** A folder for the test's own files, removed with the signer. */
  readonly folder: string;
  readonly certificateFile: string;
}

/** A key and a self-signed certificate made by openssl, the independent party. */
export async function createTestSigner(
  algorithm: readonly string[] = ['-newkey', 'rsa:2048'],
): Promise<TestSigner> {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-signing-'));
  const keyFile = join(folder, 'key.pem');
  const certificateFile = join(folder, 'certificate.pem');
  const request = ['req', '-x509', ...algorithm, '-nodes', '-subj', '/CN=Test', '-days', '30'];
  execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certificateFile], { stdio: 'pipe' });
  return {
    folder,
    certificateFile,
    privateKey: createPrivateKey(await readFile(keyFile)),
    certificatePem: await readFile(certificateFile),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Authority,
  createKeyAndCsr,
  createPublicServer,
  initAuthority,
  openAuthority,
} from '@jami-plugin-store/authority';
import { type PackageEntry, signEntries, writeArchive } from '@jami-plugin-store/jpl';
import { launcher, type ServerProcess, startServer } from './server-process.js';

/** Whom a plugin's packages are signed by. */
export interface Signer {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly certificatePem: Buffer;
}

/** A folder with a real authority that answers questions, and the data folder of stores, each started in a process of its own. */
export class StorePlace implements AsyncDisposable {
  readonly dir: string;
  /** The organization's certificate up to the root. */
  readonly chainPem: string;
  readonly #authority: Authority;
  readonly #listener: AsyncDisposable;
  readonly #issuer: string;

  private constructor(
    dir: string,
    made: { authority: Authority; listener: AsyncDisposable; issuer: string; chainPem: string },
  ) {
    this.dir = dir;
    this.chainPem = made.chainPem;
    this.#authority = made.authority;
    this.#listener = made.listener;
    this.#issuer = made.issuer;
  }

  /** @param port  where the authority answers: its certificates name it */
  static async open(dir: string, port: number): Promise<StorePlace> {
    const clock = (): Date => new Date();
    const ca = join(dir, 'ca');
    await initAuthority({ dir: ca, name: 'Benchmark root', baseUrl: `http://127.0.0.1:${port}`, clock });
    const authority = await openAuthority({ dir: ca, clock });
    const listener = createPublicServer(authority);
    await listener.listen({ port, host: '127.0.0.1' });
    const { keyId, chainPem } = await authority.createOrganization({ commonName: 'Benchmark organization' });
    await mkdir(join(dir, 'store', 'packages'), { recursive: true });
    return new StorePlace(dir, { authority, listener, issuer: keyId, chainPem });
  }

  get dataDir(): string {
    return join(this.dir, 'store');
  }

  get packagesDir(): string {
    return join(this.dataDir, 'packages');
  }

  /** In it the operator's first token is found. */
  get operatorTokenFile(): string {
    return join(this.dir, 'operator.token');
  }

  async signer(id: string, keyType: 'rsa-2048' | 'rsa-4096'): Promise<Signer> {
    const { csrPem, privateKeyPem } = await createKeyAndCsr({ subject: { CN: id }, keyType });
    const { chainPem } = await this.#authority.issuePlugin(Buffer.from(csrPem), { issuer: this.#issuer });
    return { id, privateKey: createPrivateKey(privateKeyPem), certificatePem: Buffer.from(chainPem) };
  }

  /** One process of the store, as an operator starts it; its log goes to a file. */
  start(databaseUrl?: string): Promise<ServerProcess> {
    return startServer(
      launcher,
      [
        ...['store', 'serve', '--data-dir', this.dataDir, '--port', '0', '--allow-private-addresses'],
        ...['--trust-anchor', join(this.dir, 'ca', 'root.pem')],
        ...['--operator-token-file', this.operatorTokenFile],
      ],
      {
        logFile: join(this.dir, 'store.log'),
        env: databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl },
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
    await this.#authority[Symbol.asyncDispose]();
  }
}

/** Writes a signed package with a manifest and these entries beside it. */
export async function writeSignedPackage(
  file: string,
  { id, privateKey, certificatePem }: Signer,
  manifest: { readonly version: string; readonly description: string },
  content: readonly PackageEntry[],
): Promise<void> {
  const text = JSON.stringify({ id, name: `The ${id}`, ...manifest });
  const entries = [{ name: 'manifest.json', data: Buffer.from(text) }, ...content];
  await writeArchive(await signEntries({ entries, privateKey, certificatePem, id }), file);
}

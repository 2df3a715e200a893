/** A store whose process is killed again and again, with what it needs around it: an authority, an organization, packages, tokens. */
import { createHash, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import {
  type Authority,
  createKeyAndCsr,
  createPublicServer,
  initAuthority,
  openAuthority,
} from '@jami-plugin-store/authority';
import { packPlugin, signPackage } from '@jami-plugin-store/jpl';
import { openStoreData, openTokens, type StoreData, type StorePlace } from '@jami-plugin-store/store';
import { freePort, type Server, Shell } from '../cli/jpl-process.js';

const clock = (): Date => new Date();

/** A plugin of the organization, with the certificate that signs its packages. */
interface Plugin {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly certificatePem: Buffer;
  readonly serialNumber: string;
}

export interface MadePackage {
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export class StoreWorld implements AsyncDisposable {
  readonly #shell: Shell;
  readonly #authority: Authority;
  readonly #listener: AsyncDisposable;
  readonly #authorityUrl: string;
  readonly #issuer: string;
  readonly #place: StorePlace;
  readonly #port: number;
  #tokens = { publisher: '', reviewer: '' };

  private constructor(
    shell: Shell,
    made: {
      authority: Authority;
      listener: AsyncDisposable;
      authorityUrl: string;
      issuer: string;
      port: number;
    },
    databaseUrl: string | undefined,
  ) {
    this.#shell = shell;
    this.#authority = made.authority;
    this.#listener = made.listener;
    this.#authorityUrl = made.authorityUrl;
    this.#issuer = made.issuer;
    this.#port = made.port;
    this.#place = { dataDir: shell.at('store'), databaseUrl };
  }

  static async open(databaseUrl: string | undefined): Promise<StoreWorld> {
    const shell = await Shell.open();
    const [port, authorityPort] = [await freePort(), await freePort()];
    const authorityUrl = `http://127.0.0.1:${authorityPort}`;
    const dir = shell.at('ca');
    await initAuthority({ dir, name: 'Faults Root', baseUrl: authorityUrl, clock });
    const authority = await openAuthority({ dir, clock });
    const listener = createPublicServer(authority);
    await listener.listen({ port: authorityPort, host: '127.0.0.1' });
    const { keyId: issuer, chainPem } = await authority.createOrganization({ commonName: 'Faults Ltd' });
    const world = new StoreWorld(shell, { authority, listener, authorityUrl, issuer, port }, databaseUrl);
    await world.#introduce(chainPem);
    return world;
  }

  /** Where its processes run, and where its data folder `store` is. */
  get shell(): Shell {
    return this.#shell;
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** A first, peaceful life of the store, in which organization and tokens are made. */
  async #introduce(chainPem: string): Promise<void> {
    const server = await this.start();
    const operator = (await readFile(this.#shell.at('operator.token'), 'utf8')).trim();
    const known = await this.ask('POST', '/v1/organizations', operator, JSON.stringify({ chainPem }));
    if (known.status !== 201) throw new Error(known.text);
    const { dataDir, databaseUrl } = this.#place;
    await using tokens = await openTokens({ dataDir, databaseUrl, clock });
    const organization: string = JSON.parse(known.text).id;
    const publisher = await tokens.create({ role: 'publisher', label: 'faults', organization });
    const reviewer = await tokens.create({ role: 'reviewer', label: 'faults' });
    this.#tokens = { publisher: publisher.token, reviewer: reviewer.token };
    await server[Symbol.asyncDispose]();
  }

  /** The store's process, as an operator starts it. */
  async start(): Promise<Server> {
    const { dataDir, databaseUrl } = this.#place;
    if (databaseUrl !== undefined) this.#shell.env.DATABASE_URL = databaseUrl;
    return await this.#shell.serve(
      ...['store', 'serve', '--data-dir', dataDir, '--port', String(this.#port), '--allow-private-addresses'],
      ...['--trust-anchor', this.#shell.at('ca', 'root.pem'), '--authority-url', this.#authorityUrl],
      ...['--operator-token-file', this.#shell.at('operator.token')],
    );
  }

  /** Rows and bytes as the killed process left them. */
  data(): Promise<StoreData> {
    return openStoreData(this.#place, clock);
  }

  async ask(method: string, path: string, token?: string, body?: string | Buffer): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  async digestOf(path: string): Promise<string> {
    const response = await fetch(`${this.#url}${path}`);
    if (response.status !== 200) return `status ${response.status}`;
    return createHash('sha256')
      .update(Buffer.from(await response.arrayBuffer()))
      .digest('hex');
  }

  upload({ bytes }: MadePackage): Promise<Answer> {
    return this.ask('PUT', '/v1/packages', this.#tokens.publisher, bytes);
  }

  accept({ sha256 }: MadePackage): Promise<Answer> {
    return this.ask('POST', `/v1/submissions/${sha256}/accept`, this.#tokens.reviewer, '{}');
  }

  yank({ id, version }: MadePackage): Promise<Answer> {
    const body = JSON.stringify({ reason: 'a fault run' });
    return this.ask('POST', `/v1/plugins/${id}/versions/${version}/yank`, this.#tokens.publisher, body);
  }

  /** A plugin id of the organization, with a certificate of its own. */
  async plugin(id: string): Promise<Plugin> {
    const { csrPem, privateKeyPem } = await createKeyAndCsr({ subject: { CN: id }, keyType: 'rsa-2048' });
    const { chainPem, serialNumber } = await this.#authority.issuePlugin(Buffer.from(csrPem), {
      issuer: this.#issuer,
    });
    return {
      id,
      privateKey: createPrivateKey(privateKeyPem),
      certificatePem: Buffer.from(chainPem),
      serialNumber,
    };
  }

  async package(plugin: Plugin, version: string, bulkBytes = 100_000): Promise<MadePackage> {
    const { id } = plugin;
    const source = this.#shell.at(`source-${id}-${version}`);
    await mkdir(`${source}/data`, { recursive: true });
    await writeFile(
      `${source}/manifest.json`,
      JSON.stringify({ id, name: id, version, description: `About ${id}` }),
    );
    await writeFile(`${source}/data/bulk.bin`, randomBytes(bulkBytes));
    const [unsigned, signed] = [`${source}-unsigned.jpl`, `${source}.jpl`];
    await packPlugin(source, unsigned);
    await signPackage(unsigned, plugin, signed);
    const bytes = await readFile(signed);
    for (const used of [source, unsigned, signed]) await rm(used, { recursive: true });
    return { id, version, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  /** Acknowledged by the authority: from then on the store must not offer what it signed. */
  async revoke({ serialNumber }: Plugin): Promise<void> {
    await this.#authority.revoke({ certificate: serialNumber, reason: 'keyCompromise' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
    await this.#authority[Symbol.asyncDispose]();
    await this.#shell[Symbol.asyncDispose]();
  }
}

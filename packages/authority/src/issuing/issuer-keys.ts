import type { KeyObject } from 'node:crypto';
import { AuthorityError } from '../error.js';
import { listFolder, readText, writeDurably } from '../storage/durable-file.js';
import type { AuthorityFolder } from '../storage/folder.js';
import { exportPrivateKey, readPrivateKey } from '../x509/key.js';

/** The private keys of issuers that are held here, each in its own file, read once. */
export class IssuerKeys {
  readonly #folder: AuthorityFolder;
  readonly #passphrase: string | undefined;
  /** Undefined value: there is a file, not read yet. */
  readonly #keys = new Map<string, Promise<KeyObject> | undefined>();

  private constructor(folder: AuthorityFolder, passphrase: string | undefined) {
    this.#folder = folder;
    this.#passphrase = passphrase;
  }

  /** @throws {AuthorityError} STORAGE_FAILED */
  static async open(folder: AuthorityFolder, passphrase: string | undefined): Promise<IssuerKeys> {
    const keys = new IssuerKeys(folder, passphrase);
    for (const name of await listFolder(folder.keys)) {
      if (/^(?:root|[0-9a-f]{40})\.pem$/.test(name)) keys.#keys.set(name.slice(0, -'.pem'.length), undefined);
    }
    return keys;
  }

  /** True when the key of this issuer is held here. */
  has(issuerId: string): boolean {
    return this.#keys.has(issuerId);
  }

  /** @throws {AuthorityError} ISSUER_HAS_NO_KEY_HERE */
  assertHeld(issuerId: string): void {
    if (this.has(issuerId)) return;
    throw new AuthorityError(
      'ISSUER_HAS_NO_KEY_HERE',
      'This organization signs with its own key: the authority cannot sign for it.',
    );
  }

  /** @throws {AuthorityError} ISSUER_HAS_NO_KEY_HERE | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG | AUTHORITY_DAMAGED */
  async get(issuerId: string): Promise<KeyObject> {
    this.assertHeld(issuerId);
    const known = this.#keys.get(issuerId) ?? this.#read(issuerId);
    this.#keys.set(issuerId, known);
    known.catch(() => this.#keys.set(issuerId, undefined));
    return known;
  }

  /** Keeps a new key, durably; call it before anything is signed for the key. */
  async add(issuerId: string, key: KeyObject): Promise<void> {
    await writeDurably(this.#folder.key(issuerId), exportPrivateKey(key, this.#passphrase));
    this.#keys.set(issuerId, Promise.resolve(key));
  }

  async #read(issuerId: string): Promise<KeyObject> {
    const path = this.#folder.key(issuerId);
    return readPrivateKey(await readText(path), this.#passphrase, path);
  }
}

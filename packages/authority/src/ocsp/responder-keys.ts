import type { KeyObject } from 'node:crypto';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import type { IssuerKeys } from '../issuing/issuer-keys.js';
import { keyIdOf } from '../issuing/issuer-material.js';
import { responderExtensions } from '../issuing/profiles.js';
import { signCertificate } from '../issuing/sign-certificate.js';
import type { IssuedRecord } from '../ledger/record.js';
import type { IssuerState } from '../ledger/registry.js';
import { readWhole, writeDurably } from '../storage/durable-file.js';
import type { AuthorityFolder } from '../storage/folder.js';
import type { Troubles } from '../troubles.js';
import { generateKey, spkiOf } from '../x509/key.js';
import { assembleResponder, type Responder, readResponder, responderFile } from './responder.js';

export interface ResponderKeysOptions {
  readonly folder: AuthorityFolder;
  readonly keys: IssuerKeys;
  /** New files are written with the first; old ones are opened with either. */
  readonly passphrases: readonly [string | undefined, string | undefined];
  readonly clock: () => Date;
  readonly validityMs: number;
  readonly troubles: Troubles;
  /** Writes the record of a new responder certificate into the ledger. */
  readonly record: (record: IssuedRecord) => Promise<unknown>;
}

/** How long a failed renewal rests while the old signer is still valid. */
const retryMs = 60_000;

/** The delegated OCSP signers (RFC 6960 4.2.2.2): a P-256 key for each issuer, replaced when half its time is over. */
export class ResponderKeys {
  readonly #options: ResponderKeysOptions;
  readonly #current = new Map<string, Responder>();
  readonly #renewing = new Map<string, Promise<Responder>>();
  readonly #retryAt = new Map<string, number>();

  constructor(options: ResponderKeysOptions) {
    this.#options = options;
  }

  /** True when answers about this issuer's certificates can be signed. */
  has(issuerId: string): boolean {
    return this.#options.keys.has(issuerId) || this.#current.has(issuerId);
  }

  /** Reads the signers kept in the folder. */
  async load(issuers: Iterable<IssuerState>): Promise<void> {
    for (const { id } of issuers) {
      const { folder, passphrases } = this.#options;
      const path = folder.responder(id);
      const bytes = await readWhole(path);
      if (bytes !== undefined)
        this.#current.set(id, readResponder(bytes.toString('utf8'), passphrases, path));
    }
  }

  /**
   * The signer for an issuer, `undefined` where nobody delegated or the delegation has ended. Synchronous when it is
   * at hand: this is on the path of every answer.
   */
  get(issuer: IssuerState, now: Date): Responder | undefined | Promise<Responder | undefined> {
    const current = this.#current.get(issuer.id);
    const nowMs = now.getTime();
    if (current !== undefined && nowMs >= current.fromMs && nowMs < current.halfMs) return current;
    const valid = current !== undefined && isValidAt(current.certificate, now) ? current : undefined;
    const isRenewable = this.#options.keys.has(issuer.id) && isValidAt(issuer.certificate, now);
    if (!isRenewable || (valid !== undefined && !this.#isDue(valid, issuer, now))) return valid;
    const renewed = this.#renewing.get(issuer.id) ?? this.renew(issuer);
    if (valid === undefined) return renewed;
    // The old signer answers meanwhile, and goes on when there is no new one yet.
    renewed.catch((error: unknown) => {
      this.#options.troubles.report(error);
      this.#retryAt.set(issuer.id, now.getTime() + retryMs);
    });
    return valid;
  }

  /** Half of its time is over, and a new one would last longer: none outlives its issuer. */
  #isDue({ certificate, halfMs }: Responder, issuer: IssuerState, now: Date): boolean {
    return (
      now.getTime() >= halfMs &&
      certificate.notAfter < issuer.certificate.notAfter &&
      now.getTime() >= (this.#retryAt.get(issuer.id) ?? 0)
    );
  }

  /** Makes a new key and certificate now and puts them in the place of the old. */
  renew(issuer: IssuerState): Promise<Responder> {
    const renewing = this.#renew(issuer).finally(() => this.#renewing.delete(issuer.id));
    this.#renewing.set(issuer.id, renewing);
    return renewing;
  }

  /** Keeps a signer whose certificate an organization made with its own key. */
  async adopt(issuerId: string, key: KeyObject, certificate: Certificate): Promise<void> {
    await this.#keep(issuerId, key, certificate);
  }

  /** Waits for renewals under way. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#renewing.values());
  }

  async #renew(issuer: IssuerState): Promise<Responder> {
    const { keys, clock, validityMs, record } = this.#options;
    const key = await generateKey('ec-p256');
    const spki = spkiOf(key);
    const issued = await signCertificate(
      {
        issuer,
        kind: 'responder',
        subject: responderSubject(issuer),
        spki,
        extensions: responderExtensions(spki, keyIdOf(issuer.certificate)),
        at: clock(),
        lengthMs: validityMs,
      },
      keys,
    );
    await record(issued);
    return this.#keep(issuer.id, key, parseCertificate(Buffer.from(issued.certificate, 'base64')));
  }

  async #keep(issuerId: string, key: KeyObject, certificate: Certificate): Promise<Responder> {
    const { folder, passphrases } = this.#options;
    const responder = assembleResponder(key, certificate);
    await writeDurably(folder.responder(issuerId), responderFile(responder, passphrases[0]));
    this.#current.set(issuerId, responder);
    return responder;
  }
}

/** Its name says whom it answers for; the CN stays within 64 characters (RFC 5280 A.1). */
export function responderSubject(issuer: IssuerState): readonly [{ name: 'CN'; value: string }] {
  const owner =
    issuer.certificate.subject.attributes.find(({ type }) => type === '2.5.4.3')?.value ?? issuer.id;
  return [{ name: 'CN', value: [...`OCSP responder of ${owner}`].slice(0, 64).join('').trim() }];
}

const isValidAt = ({ notBefore, notAfter }: Certificate, now: Date): boolean =>
  now >= notBefore && now < notAfter;

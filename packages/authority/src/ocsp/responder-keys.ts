import type { KeyObject } from 'node:crypto';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import type { IssuerKeys } from '../issuing/issuer-keys.js';
import { keyIdOf } from '../issuing/issuer-material.js';
import { responderExtensions } from '../issuing/profiles.js';
import { signCertificate } from '../issuing/sign-certificate.js';
import type { IssuedRecord } from '../ledger/record.js';
import type { IssuerState } from '../ledger/registry.js';
import { fromPem, toPem } from '../pem.js';
import { readWhole, writeDurably } from '../storage/durable-file.js';
import type { AuthorityFolder } from '../storage/folder.js';
import type { Troubles } from '../troubles.js';
import { exportPrivateKey, generateKey, publicKeyBits, readPrivateKey, spkiOf } from '../x509/key.js';
import { algorithmDer, schemeOf } from '../x509/signature.js';
import { responderCertificates, responderId } from './response-layout.js';

/** What signs the answers about one issuer's certificates, with the parts of an answer that never change. */
export interface Responder {
  readonly key: KeyObject;
  readonly certificate: Certificate;
  readonly idDer: Uint8Array;
  readonly algorithmDer: Uint8Array;
  readonly certsDer: Uint8Array;
  /** Without a closer look it signs from here … */
  readonly fromMs: number;
  /** … to here: half of its time. */
  readonly dueMs: number;
}

export interface ResponderKeysOptions {
  readonly folder: AuthorityFolder;
  readonly keys: IssuerKeys;
  readonly passphrase: string | undefined;
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
      const bytes = await readWhole(this.#options.folder.responder(id));
      if (bytes !== undefined) this.#current.set(id, this.#read(id, bytes.toString('utf8')));
    }
  }

  /**
   * The signer for an issuer, `undefined` where nobody delegated or the delegation has ended. Synchronous when it is
   * at hand: this is on the path of every answer.
   */
  get(issuer: IssuerState, now: Date): Responder | undefined | Promise<Responder | undefined> {
    const current = this.#current.get(issuer.id);
    const nowMs = now.getTime();
    if (current !== undefined && nowMs >= current.fromMs && nowMs < current.dueMs) return current;
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
  #isDue({ certificate, dueMs }: Responder, issuer: IssuerState, now: Date): boolean {
    return (
      now.getTime() >= dueMs &&
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
    const { folder, passphrase } = this.#options;
    // One file, so that a crash never parts key and certificate.
    const text = toPem('CERTIFICATE', certificate.der) + exportPrivateKey(key, passphrase);
    await writeDurably(folder.responder(issuerId), text);
    const responder = assembleResponder(key, certificate);
    this.#current.set(issuerId, responder);
    return responder;
  }

  #read(issuerId: string, text: string): Responder {
    const path = this.#options.folder.responder(issuerId);
    const [der] = fromPem(text.slice(0, text.indexOf('-----BEGIN', 1)), ['CERTIFICATE']) ?? [];
    if (der === undefined) {
      throw new AuthorityError('AUTHORITY_DAMAGED', 'A responder file holds no certificate.', { path });
    }
    const keyText = text.slice(text.indexOf('-----BEGIN', 1));
    return assembleResponder(readPrivateKey(keyText, this.#options.passphrase, path), parseCertificate(der));
  }
}

/** Its name says whom it answers for; the CN stays within 64 characters (RFC 5280 A.1). */
export function responderSubject(issuer: IssuerState): readonly [{ name: 'CN'; value: string }] {
  const owner =
    issuer.certificate.subject.attributes.find(({ type }) => type === '2.5.4.3')?.value ?? issuer.id;
  return [{ name: 'CN', value: [...`OCSP responder of ${owner}`].slice(0, 64).join('').trim() }];
}

function assembleResponder(key: KeyObject, certificate: Certificate): Responder {
  const [fromMs, toMs] = [certificate.notBefore.getTime(), certificate.notAfter.getTime()];
  return {
    key,
    certificate,
    fromMs,
    dueMs: (fromMs + toMs) / 2,
    idDer: responderId(publicKeyBits(spkiOf(key))),
    algorithmDer: algorithmDer(schemeOf(key)),
    certsDer: responderCertificates(certificate.der),
  };
}

const isValidAt = ({ notBefore, notAfter }: Certificate, now: Date): boolean =>
  now >= notBefore && now < notAfter;

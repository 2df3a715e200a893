import { open } from 'node:fs/promises';
import type { FetchEvidence } from '@jami-plugin-store/revocation';
import {
  assertSigned,
  type Certificate,
  type CertificateList,
  namesEqual,
  parseCrl,
} from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';
import { type PreparedBody, prepareBody } from './prepared-body.js';

/** A copy younger than this is not asked about again, so a revocation reaches readers soon. */
const freshMs = 60_000;
/** After a failure the authority is left alone for this long. */
const retryMs = 5_000;
const maxFileBytes = 10 * 1024 * 1024;

export interface PublishedCrlOptions {
  readonly url?: string | undefined;
  readonly file?: string | undefined;
  readonly fetch: FetchEvidence;
  /** Any of these may have signed it. */
  readonly issuers: readonly Certificate[];
  readonly clock: () => Date;
  /** Told of each failure to get a newer list. */
  readonly onFailure: (error: unknown) => void;
}

export interface ServedCrl {
  readonly body: PreparedBody;
  readonly nextUpdate: Date | undefined;
}

/**
 * A revocation list: fetched where its authority publishes it (or read from a file), held until its
 * nextUpdate at most. Only a list that one of its issuers has signed is passed on.
 */
export class PublishedCrl {
  readonly #options: PublishedCrlOptions;
  #held: (ServedCrl & { readonly fetchedAt: number }) | undefined;
  #fetching: Promise<void> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: PublishedCrlOptions) {
    this.#options = options;
  }

  /** @throws {StoreError} CRL_NOT_CONFIGURED | CRL_UNAVAILABLE */
  async current(): Promise<ServedCrl> {
    const { url, file, clock } = this.#options;
    if (url === undefined && file === undefined) {
      throw new StoreError(
        'CRL_NOT_CONFIGURED',
        'This store was not told where these revocations are published.',
      );
    }
    const at = clock().getTime();
    const age = at - (this.#held?.fetchedAt ?? Number.NEGATIVE_INFINITY);
    if ((age >= freshMs || age < 0) && at >= this.#notBefore) {
      this.#fetching ??= this.#renew(at).finally(() => {
        this.#fetching = undefined;
      });
      await this.#fetching;
    }
    if (this.#held === undefined || (this.#held.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY) <= at) {
      throw new StoreError('CRL_UNAVAILABLE', 'The revocation list cannot be had at the moment.', {
        headers: { 'retry-after': String(Math.ceil(retryMs / 1000)) },
      });
    }
    return this.#held;
  }

  async #renew(at: number): Promise<void> {
    try {
      const bytes = await this.#read();
      const list = parseCrl(bytes);
      this.#assertIssued(list);
      const body = await prepareBody(bytes, 'application/pkix-crl');
      this.#held = { body, nextUpdate: list.nextUpdate, fetchedAt: at };
    } catch (error) {
      this.#notBefore = at + retryMs;
      this.#options.onFailure(error);
    }
  }

  async #read(): Promise<Buffer> {
    const { url, file, fetch } = this.#options;
    if (file !== undefined) return readBounded(file);
    return (await fetch({ kind: 'crl', url: url ?? '', method: 'GET' })).bytes;
  }

  /** @throws {TrustError} when none of the issuers has signed it */
  #assertIssued(list: CertificateList): void {
    const issuer = this.#options.issuers.find(({ subject }) => namesEqual(subject, list.issuer));
    if (issuer === undefined)
      throw new StoreError('CRL_UNAVAILABLE', 'The revocation list is one of somebody else.');
    assertSigned(list, issuer.publicKey, issuer.subject.text);
  }
}

async function readBounded(path: string): Promise<Buffer> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (size > maxFileBytes)
    throw new StoreError('CRL_UNAVAILABLE', 'The revocation list file is too large.', { file: path });
  return await file.readFile();
}

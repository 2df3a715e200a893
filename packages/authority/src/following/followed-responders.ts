import { AuthorityError } from '../error.js';
import type { IssuerState } from '../ledger/registry.js';
import { type Responder, readResponder } from '../ocsp/responder.js';
import type { AuthorityFolder } from '../storage/folder.js';
import { FollowedFile } from './followed-file.js';

export interface FollowedRespondersOptions {
  readonly folder: AuthorityFolder;
  /** Opens the signers' keys; of no other key. */
  readonly passphrase: string | undefined;
  /** Told of a file that cannot be read while an older signer is still valid. */
  readonly report: (error: unknown) => void;
}

interface Followed {
  readonly file: FollowedFile<Responder>;
  responder: Responder | undefined;
  lookAgainMs: number;
}

/** How long a valid signer is used without looking whether there is a newer one. */
const lookMs = 1000;

/** The OCSP signers that the authority keeps in its folder, as another process uses them: it makes none. */
export class FollowedResponders {
  readonly #options: FollowedRespondersOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: FollowedRespondersOptions) {
    this.#options = options;
  }

  /**
   * The signer for an issuer; `undefined` where nobody has ever delegated.
   * @throws {AuthorityError} RESPONDER_NOT_AVAILABLE where there was one, and the authority has not renewed it
   */
  get(issuer: IssuerState, now: Date): Responder | undefined {
    const followed = this.#follow(issuer.id);
    const nowMs = now.getTime();
    const known = followed.responder;
    // A clock that was set back looks, too.
    if (nowMs >= followed.lookAgainMs || nowMs < followed.lookAgainMs - lookMs || !isValid(known, nowMs)) {
      followed.lookAgainMs = nowMs + lookMs;
      this.#look(followed, nowMs);
    }
    const { responder } = followed;
    if (isValid(responder, nowMs)) return responder;
    if (!issuer.hadResponder) return undefined;
    throw new AuthorityError(
      'RESPONDER_NOT_AVAILABLE',
      'The signer of answers has ended and the authority has not replaced it: `jpl ca serve` has to run for that.',
      { certificate: issuer.certificate.subject.text },
    );
  }

  #look(followed: Followed, nowMs: number): void {
    try {
      followed.responder = followed.file.read();
    } catch (error) {
      if (!isValid(followed.responder, nowMs)) throw error;
      this.#options.report(error);
    }
  }

  #follow(id: string): Followed {
    const known = this.#followed.get(id);
    if (known !== undefined) return known;
    const { folder, passphrase } = this.#options;
    const path = folder.responder(id);
    const file = new FollowedFile(path, (bytes) => readResponder(bytes.toString('utf8'), [passphrase], path));
    const followed: Followed = { file, responder: undefined, lookAgainMs: 0 };
    this.#followed.set(id, followed);
    return followed;
  }
}

function isValid(responder: Responder | undefined, nowMs: number): responder is Responder {
  return responder !== undefined && nowMs >= responder.fromMs && nowMs < responder.toMs;
}

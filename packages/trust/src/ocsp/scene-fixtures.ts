import { TrustError } from '../error.js';
import type { RevocationFinding } from '../revocation/evidence.js';
import { acceptOcspResponse, type OcspAcceptance } from './accept-ocsp-response.js';
import { caExtensions, type Issued, OpensslAuthority, responderExtensions } from './authority-fixtures.js';
import {
  answer,
  byName,
  certificateId,
  type ForgedAnswer,
  type ForgedResponse,
  forge,
  signerOf,
} from './response-fixtures.js';

/** The instant at which every forged answer is judged; honest ones are one minute old and last a day. */
const now = new Date('2026-11-22T12:00:00Z');
export const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

/** root -> organization -> plugin, and an honest responder of the organization. */
export class Scene implements Disposable {
  readonly authority = new OpensslAuthority();
  readonly root: Issued;
  readonly organization: Issued;
  readonly plugin: Issued;
  readonly otherPlugin: Issued;
  readonly responder: Issued;

  constructor() {
    const { authority } = this;
    this.root = authority.issue({ name: 'root', extensions: caExtensions });
    this.organization = authority.issue({
      name: 'organization',
      issuer: this.root,
      extensions: caExtensions,
    });
    this.plugin = authority.issue({ name: 'plugin', issuer: this.organization });
    this.otherPlugin = authority.issue({ name: 'other-plugin', issuer: this.organization });
    this.responder = this.appoint('responder');
  }

  /** A responder of the organization unless another issuer is given. */
  appoint(
    name: string,
    extensions = responderExtensions,
    more: Partial<Parameters<OpensslAuthority['issue']>[0]> = {},
  ) {
    return this.authority.issue({ name, issuer: this.organization, extensions, ...more });
  }

  /** The honest answer "plugin: good", or what is made of it. */
  answer(changes: Partial<ForgedAnswer> = {}): Buffer {
    const id = certificateId(this.plugin.certificate, this.organization.certificate);
    return answer({ id, thisUpdate: later(-1), nextUpdate: later(24 * 60), ...changes });
  }

  /** An answer signed by `signer` and naming it. */
  signedBy(signer: Issued, changes: Partial<ForgedResponse> = {}): Buffer {
    return forge({
      responderId: byName(signer.certificate),
      producedAt: later(-1),
      answers: [this.answer()],
      signWith: signerOf(signer.privateKey),
      certificates: [signer.certificate.der],
      ...changes,
    });
  }

  accept(der: Uint8Array, acceptance: Partial<OcspAcceptance> = {}): RevocationFinding {
    return acceptOcspResponse(der, {
      certificate: this.plugin.certificate,
      issuer: this.organization.certificate,
      at: now,
      ...acceptance,
    });
  }

  /** The status, or the code of the refusal. */
  outcome(der: Uint8Array, acceptance: Partial<OcspAcceptance> = {}): string {
    try {
      return this.accept(der, acceptance).status;
    } catch (error) {
      if (error instanceof TrustError) return error.code;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.authority[Symbol.dispose]();
  }
}

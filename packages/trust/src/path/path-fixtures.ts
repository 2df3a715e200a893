/** Paths for tests, forged byte by byte under one root. */
import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import {
  ca,
  cn,
  type Der,
  extension,
  type Forgery,
  forge,
  hex,
  type KeyPair,
  newKey,
} from '../certificate/forge-fixtures.js';
import { parseCertificate } from '../certificate/parse-certificate.js';
import { TrustError } from '../error.js';
import { type PathRequest, type ValidatedPath, validatePath } from './validate-path.js';

/** Well inside the validity of every certificate that says nothing about it. */
export const at = new Date('2026-06-01T00:00:00Z');

export interface Issuer {
  readonly subject: Der;
  readonly key: KeyPair;
}

const rootKey = newKey();
export const orgKey = newKey();
export const leafKey = newKey();
export const root: Issuer = { subject: cn('Root'), key: rootKey };
export const org: Issuer = { subject: cn('Org'), key: orgKey };

export function make(wish: Forgery): Certificate {
  return parseCertificate(forge(wish));
}

export const anchorOf = (certificate: Certificate): TrustAnchor => ({ certificate });

export const certSign = extension('2.5.29.15', hex('03020204'), true);
export const crlSign = extension('2.5.29.15', hex('03020102'), true);

export const rootCertificate = make({ ...root, extensions: [ca()] });
export const orgCertificate = make({ ...org, issuer: root, extensions: [ca(0), certSign] });

/** A certificate by the organization, unless the wish says otherwise. */
export function leaf(wish: Partial<Forgery> = {}): Certificate {
  return make({ subject: cn('Leaf'), key: leafKey, issuer: org, ...wish });
}

/** `target` under the root and the organization, unless the request says otherwise. */
export function validate(target: Certificate, request: Partial<PathRequest> = {}): ValidatedPath {
  return validatePath({
    target,
    intermediates: [orgCertificate],
    anchors: [anchorOf(rootCertificate)],
    at,
    ...request,
  });
}

/** `accepted`, or the code and the certificate concerned. */
export function outcome(judge: () => unknown): string {
  try {
    judge();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return error.code;
  }
}

import type { KeyObject } from 'node:crypto';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import { fromPem, toPem } from '../pem.js';
import { exportPrivateKey, publicKeyBits, readPrivateKey, spkiOf } from '../x509/key.js';
import { algorithmDer, schemeOf } from '../x509/signature.js';
import { responderCertificates, responderId } from './response-layout.js';

/** What signs the answers about one issuer's certificates, with the parts of an answer that never change. */
export interface Responder {
  readonly key: KeyObject;
  readonly certificate: Certificate;
  readonly idDer: Uint8Array;
  readonly algorithmDer: Uint8Array;
  readonly certsDer: Uint8Array;
  /** The certificate's validity, in milliseconds, and the half of it. */
  readonly fromMs: number;
  readonly halfMs: number;
  readonly toMs: number;
}

export function assembleResponder(key: KeyObject, certificate: Certificate): Responder {
  const [fromMs, toMs] = [certificate.notBefore.getTime(), certificate.notAfter.getTime()];
  return {
    key,
    certificate,
    idDer: responderId(publicKeyBits(spkiOf(key))),
    algorithmDer: algorithmDer(schemeOf(key)),
    certsDer: responderCertificates(certificate.der),
    fromMs,
    halfMs: (fromMs + toMs) / 2,
    toMs,
  };
}

/** Content of a responder's file: one file, so that a crash never parts key and certificate. */
export function responderFile({ key, certificate }: Responder, passphrase: string | undefined): string {
  return toPem('CERTIFICATE', certificate.der) + exportPrivateKey(key, passphrase);
}

/**
 * @param passphrases  tried in turn: which one the file was written with is not known
 * @throws {AuthorityError} AUTHORITY_DAMAGED | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG
 */
export function readResponder(
  text: string,
  passphrases: readonly (string | undefined)[],
  path: string,
): Responder {
  const [der] = fromPem(text.slice(0, text.indexOf('-----BEGIN', 1)), ['CERTIFICATE']) ?? [];
  if (der === undefined) {
    throw new AuthorityError('AUTHORITY_DAMAGED', 'A responder file holds no certificate.', { path });
  }
  const keyText = text.slice(text.indexOf('-----BEGIN', 1));
  return assembleResponder(openKey(keyText, passphrases, path), parseCertificate(der));
}

function openKey(text: string, passphrases: readonly (string | undefined)[], path: string): KeyObject {
  const [first, ...others] = passphrases;
  try {
    return readPrivateKey(text, first, path);
  } catch (error) {
    const isClosed =
      error instanceof AuthorityError && ['PASSPHRASE_WRONG', 'PASSPHRASE_REQUIRED'].includes(error.code);
    if (!isClosed || others.length === 0) throw error;
    return openKey(text, others, path);
  }
}

import { TrustError } from '../error.js';
import type { Certificate, TrustAnchor } from './certificate.js';
import { certificateLimits, parseCertificate } from './parse-certificate.js';

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';

/** The most a PEM file may hold, in bytes and in certificates. */
export const maximumPemBytes = 1 << 20;
const maximumPemCertificates = 1_000;

/**
 * Reads a file of PEM certificates (RFC 7468), one or more, in order. Text between blocks and CRLF are fine;
 * blocks of another label, markers that do not stand alone on their line, and base64 that is not canonical are not.
 * @throws {TrustError} CERTIFICATE_PEM_MALFORMED and everything `parseCertificate` throws
 */
export function parseCertificatesPem(bytes: Uint8Array): Certificate[] {
  return pemBlocks(bytes).map(parseCertificate);
}

/**
 * Trust anchors out of a file: PEM, one or more, or one DER certificate.
 * @throws {TrustError} as `parseCertificatesPem`
 */
export function parseTrustAnchors(bytes: Uint8Array): TrustAnchor[] {
  // 0x30 opens a DER SEQUENCE, and is the digit 0 in text before a PEM block.
  const isDer = bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80;
  const certificates = isDer ? [parseCertificate(bytes)] : parseCertificatesPem(bytes);
  return certificates.map((certificate) => Object.freeze({ certificate }));
}

function pemBlocks(bytes: Uint8Array): Buffer[] {
  if (bytes.length > maximumPemBytes) throw malformed(`it is longer than ${maximumPemBytes} bytes`);
  const blocks: Buffer[] = [];
  let lines: string[] | undefined;
  for (const raw of Buffer.from(bytes).toString('latin1').split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === begin && lines === undefined) lines = [];
    else if (line === end && lines !== undefined) {
      if (blocks.length === maximumPemCertificates)
        throw malformed(`it holds more than ${maximumPemCertificates} certificates`);
      blocks.push(decodeBase64(lines.join('')));
      lines = undefined;
    } else if (/-----(BEGIN|END)/.test(line)) throw malformed('a marker is out of place or of another kind');
    else lines?.push(line);
  }
  if (lines !== undefined) throw malformed('a certificate has no end');
  if (blocks.length === 0) throw malformed('it holds no certificate');
  return blocks;
}

function decodeBase64(text: string): Buffer {
  if (text.length > certificateLimits.maxBytes * 2) throw malformed('a certificate is too large');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== text)
    throw malformed('a certificate is not canonical base64');
  return bytes;
}

function malformed(reason: string): TrustError {
  return new TrustError('CERTIFICATE_PEM_MALFORMED', `The certificate file cannot be read: ${reason}.`);
}

import { ClientError } from '../error.js';

/** Digests a server sent of the whole file, hex. */
export interface RepresentationDigest {
  sha256?: string | undefined;
  sha512?: string | undefined;
}

const memberLength = { 'sha-256': 32, 'sha-512': 64 } as const;
const maxHeaderLength = 4096;

/**
 * Reads `Repr-Digest` (RFC 9530 3): a dictionary of byte sequences (RFC 8941 3.2, 3.3.5). Algorithms other than sha-256
 * and sha-512 are passed over; those two must be well-formed where they stand.
 * @throws {ClientError} ANSWER_MALFORMED
 */
export function parseReprDigest(header: string | string[] | undefined): RepresentationDigest {
  if (header === undefined) return {};
  const text = Array.isArray(header) ? header.join(',') : header;
  const found: RepresentationDigest = {};
  if (text.length > maxHeaderLength) throw malformed(text);
  for (const member of text.split(',')) {
    const [name, value] = splitMember(member);
    // RFC 8941 4.2.2: the last of several members of one name holds.
    if (name === 'sha-256') found.sha256 = decode(value, memberLength[name], text);
    if (name === 'sha-512') found.sha512 = decode(value, memberLength[name], text);
  }
  return found;
}

function splitMember(member: string): [name: string, value: string] {
  const trimmed = member.replace(/^[ \t]+|[ \t]+$/g, '');
  const equals = trimmed.indexOf('=');
  return equals < 0 ? [trimmed, ''] : [trimmed.slice(0, equals), trimmed.slice(equals + 1)];
}

function decode(value: string, bytes: number, header: string): string {
  const base64 = /^:([A-Za-z0-9+/]*={0,2}):(;.*)?$/.exec(value)?.[1];
  const digest = base64 === undefined ? undefined : Buffer.from(base64, 'base64');
  if (digest?.length !== bytes) throw malformed(header);
  return digest.toString('hex');
}

function malformed(header: string): ClientError {
  return new ClientError(
    'ANSWER_MALFORMED',
    `The server sent a malformed Repr-Digest: ${header.slice(0, 200)}`,
  );
}

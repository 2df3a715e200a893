import type { KeyObject } from 'node:crypto';
import {
  bitString,
  certificateTime,
  objectIdentifier,
  octetString,
  sequence,
  tlv,
  unsignedInteger,
} from '../der/writer.js';
import { authorityKeyIdentifier, extension } from './extensions.js';
import { extensionOids } from './oids.js';
import { type RevocationReason, reasonCodes } from './revocation-reason.js';
import { algorithmDer, schemeOf, signBytes } from './signature.js';

export interface RevokedEntry {
  /** INTEGER content octets. */
  readonly serialNumber: Uint8Array;
  readonly revokedAt: Date;
  readonly reason: RevocationReason;
}

export interface CrlFields {
  /** Name, DER, exactly as in the issuer's certificate. */
  readonly issuerName: Uint8Array;
  readonly issuerKeyId: Uint8Array;
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly entries: readonly RevokedEntry[];
}

/** Builds and signs a version 2 CRL (RFC 5280 5.1) that covers everything its issuer signed. */
export async function buildCrl(fields: CrlFields, issuerKey: KeyObject): Promise<Buffer> {
  const algorithm = algorithmDer(schemeOf(issuerKey));
  // RFC 5280 5.1.2.6: without entries the list itself is absent.
  const entries = fields.entries.length === 0 ? [] : [sequence(...fields.entries.map(crlEntry))];
  const tbs = sequence(
    unsignedInteger(1),
    algorithm,
    fields.issuerName,
    certificateTime(fields.thisUpdate),
    certificateTime(fields.nextUpdate),
    ...entries,
    tlv(
      0xa0,
      sequence(
        authorityKeyIdentifier(fields.issuerKeyId),
        extension(extensionOids.crlNumber, false, unsignedInteger(fields.number)),
      ),
    ),
  );
  return sequence(tbs, algorithm, bitString(await signBytes(issuerKey, tbs)));
}

const reasonOid = objectIdentifier(extensionOids.reasonCode);

function crlEntry({ serialNumber, revokedAt, reason }: RevokedEntry): Buffer {
  const serial = tlv(0x02, serialNumber);
  const time = certificateTime(revokedAt);
  // RFC 5280 5.3.1: "unspecified" is said by leaving the extension out.
  if (reason === 'unspecified') return sequence(serial, time);
  const code = tlv(0x0a, Buffer.of(reasonCodes[reason]));
  return sequence(serial, time, sequence(sequence(reasonOid, octetString(code))));
}

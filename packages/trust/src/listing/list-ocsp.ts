import { contextConstructed, type DerLimits, DerReader, readDer, tags } from '../certificate/der.js';
import { DerError } from '../certificate/der-error.js';
import { readExtensions } from '../certificate/extension.js';
import { TrustError } from '../error.js';
import { type CertificateId, certificateIdHashOids, readCertificateId } from '../ocsp/certificate-id.js';
import { ocspOids } from '../ocsp/ocsp-oids.js';
import { type BasicResponse, readOcspResponse, type SingleResponse } from '../ocsp/ocsp-response.js';
import { extensionLines, hex, instant, type Line, listingOf, nameOrOid, signatureLines } from './listing.js';

const requestLimits: DerLimits = { maxBytes: 4_096, maxDepth: 16, maxElements: 256 };

const hashNames: ReadonlyMap<string, string> = new Map([
  [certificateIdHashOids.sha1, 'sha1'],
  [certificateIdHashOids.sha256, 'sha256'],
]);
const extensionNames: ReadonlyMap<string, string> = new Map([
  [ocspOids.nonce, 'nonce'],
  [ocspOids.crlReferences, 'crlReferences'],
  [ocspOids.archiveCutoff, 'archiveCutoff'],
  [ocspOids.extendedRevoke, 'extendedRevoke'],
]);

/**
 * Text of an unsigned OCSPRequest (RFC 6960 4.1.1), field by field as it is encoded.
 * @throws {TrustError} OCSP_MALFORMED
 */
export function listOcspRequest(der: Uint8Array): string {
  try {
    const outer = DerReader.of(readDer(der, requestLimits), tags.sequence, 'OCSPRequest');
    const tbs = outer.sequence('tbsRequest');
    outer.end('OCSPRequest');
    const requests = new DerReader(tbs.next(tags.sequence, 'requestList').content).all(
      tags.sequence,
      'requestList',
      1,
    );
    const ids = requests.map((request) =>
      readCertificateId(DerReader.of(request, tags.sequence, 'Request').sequence('reqCert')),
    );
    const wrapped = tbs.optional(contextConstructed(2), 'requestExtensions');
    const extensions =
      wrapped === undefined
        ? new Map()
        : readExtensions(new DerReader(wrapped.content).next(tags.sequence, 'requestExtensions'), (oid) => {
            throw new DerError(`requestExtensions: ${oid} occurs twice`);
          });
    return listingOf([
      [0, 'OCSPRequest'],
      [1, 'requestList'],
      ...ids.flatMap((id) => certificateIdLines(2, 'reqCert', id)),
      ...extensionLines(1, 'requestExtensions', extensions, extensionNames),
    ]);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new TrustError('OCSP_MALFORMED', `The OCSP request is malformed: ${cause.message}`, { cause });
  }
}

/**
 * Text of an OCSPResponse (RFC 6960 4.2.1), field by field. It says how the answer is written, not whether it is believed.
 * @throws {TrustError} OCSP_MALFORMED | OCSP_NOT_SUCCESSFUL | OCSP_TYPE_UNSUPPORTED | OCSP_VERSION_UNSUPPORTED
 */
export function listOcspResponse(der: Uint8Array): string {
  const response = readOcspResponse(der);
  return listingOf([
    [0, 'OCSPResponse'],
    [1, 'responseStatus', 'successful'],
    [1, 'BasicOCSPResponse'],
    [2, 'responderID', responderText(response)],
    [2, 'producedAt', instant(response.producedAt)],
    [2, 'responses'],
    ...response.answers.flatMap(singleLines),
    ...extensionLines(2, 'responseExtensions', response.extensions, extensionNames),
    ...signatureLines(2, response),
    ...response.certificates.flatMap(({ subject, issuer, serialNumber, notAfter }): Line[] => [
      [2, 'certificate'],
      [3, 'subject', subject.text],
      [3, 'issuer', issuer.text],
      [3, 'serialNumber', hex(serialNumber)],
      [3, 'notAfter', instant(notAfter)],
    ]),
  ]);
}

function responderText({ responder }: BasicResponse): string {
  return responder.by === 'name' ? `byName ${responder.name.text}` : `byKey ${hex(responder.keyHash)}`;
}

function singleLines(single: SingleResponse): Line[] {
  const { id, status, revokedAt, reason, thisUpdate, nextUpdate, extensions } = single;
  return [
    [3, 'SingleResponse'],
    ...certificateIdLines(4, 'certID', id),
    [4, 'certStatus', status],
    ...(revokedAt === undefined ? [] : [[5, 'revocationTime', instant(revokedAt)] satisfies Line]),
    ...(reason === undefined ? [] : [[5, 'revocationReason', reason] satisfies Line]),
    [4, 'thisUpdate', instant(thisUpdate)],
    ...(nextUpdate === undefined ? [] : [[4, 'nextUpdate', instant(nextUpdate)] satisfies Line]),
    ...extensionLines(4, 'singleExtensions', extensions, extensionNames),
  ];
}

function certificateIdLines(depth: number, title: string, id: CertificateId): Line[] {
  return [
    [depth, title],
    [depth + 1, 'hashAlgorithm', nameOrOid(hashNames, id.hashAlgorithm)],
    [depth + 1, 'issuerNameHash', hex(id.issuerNameHash)],
    [depth + 1, 'issuerKeyHash', hex(id.issuerKeyHash)],
    [depth + 1, 'serialNumber', hex(id.serialNumber)],
  ];
}

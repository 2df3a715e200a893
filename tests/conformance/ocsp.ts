import { acceptOcspResponse, parseCertificate, TrustError } from '@jami-plugin-store/trust';
import {
  bytesOf,
  CaseError,
  type CaseFields,
  idOf,
  isText,
  optional,
  readCases,
  requiredText,
  timeOf,
} from './case-file.js';
import { type Case, runSuite, type SuiteReport } from './report.js';

const statuses = ['good', 'revoked', 'unknown'];

/** Judges every vector of a file: an array of OCSP vectors (README of the suites, "Forms"). */
export async function runOcsp(file: string): Promise<SuiteReport> {
  return runSuite('ocsp', (await readCases(file)).map(caseOf));
}

function caseOf(vector: CaseFields, index: number): Case {
  const expected = isText(vector.expected) ? vector.expected : undefined;
  const isStatus = expected !== undefined && statuses.includes(expected);
  return {
    id: idOf(vector, index),
    expected: isStatus ? true : expected === 'reject' ? false : undefined,
    expectedCode: isStatus ? expected.toUpperCase() : undefined,
    judge: async () => ({ accepted: true, code: statusOf(vector) }),
    isTyped: (error) => error instanceof TrustError || error instanceof CaseError,
    codeOf: (error) => (error instanceof TrustError || error instanceof CaseError ? error.code : 'UNTYPED'),
  };
}

function statusOf(vector: CaseFields): string {
  const nonce = optional(vector, 'requestNonceExtnValue', isText) ?? '';
  const { status } = acceptOcspResponse(bytesOf(requiredText(vector, 'responseDer')), {
    certificate: parseCertificate(bytesOf(requiredText(vector, 'certDer'))),
    issuer: parseCertificate(bytesOf(requiredText(vector, 'issuerDer'))),
    at: timeOf(vector),
    nonceExtensionValue: nonce === '' ? null : bytesOf(nonce),
  });
  return status.toUpperCase();
}

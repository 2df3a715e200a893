import { readFile } from 'node:fs/promises';
import { acceptOcspResponse, parseCertificate, TrustError } from '@jami-plugin-store/trust';
import { type Case, runSuite, type SuiteReport } from './report.js';

/** One OCSP vector; form fixed by the suites' README. */
interface OcspVector {
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly expected?: string | undefined;
  readonly time: string;
  readonly requestNonceExtnValue?: string | null | undefined;
  readonly responseDer: string;
  readonly certDer: string;
  readonly issuerDer: string;
}

const statuses = ['good', 'revoked', 'unknown'];

/** Judges every vector of a file: an array of OCSP vectors (README of the suites, "Forms"). */
export async function runOcsp(file: string): Promise<SuiteReport> {
  const vectors = JSON.parse(await readFile(file, 'utf8')) as readonly OcspVector[];
  return runSuite('ocsp', vectors.map(caseOf));
}

function caseOf(vector: OcspVector, index: number): Case {
  const { expected } = vector;
  const isStatus = expected !== undefined && statuses.includes(expected);
  return {
    id: vector.id ?? vector.name ?? String(index),
    expected: isStatus ? true : expected === 'reject' ? false : undefined,
    expectedCode: isStatus ? expected.toUpperCase() : undefined,
    judge: async () => ({ accepted: true, code: statusOf(vector) }),
    isTyped: (error) => error instanceof TrustError,
    codeOf: (error) => (error instanceof TrustError ? error.code : 'UNTYPED'),
  };
}

function statusOf(vector: OcspVector): string {
  const nonce = vector.requestNonceExtnValue;
  const { status } = acceptOcspResponse(Buffer.from(vector.responseDer, 'base64'), {
    certificate: parseCertificate(Buffer.from(vector.certDer, 'base64')),
    issuer: parseCertificate(Buffer.from(vector.issuerDer, 'base64')),
    at: new Date(vector.time),
    nonceExtensionValue: nonce == null ? null : Buffer.from(nonce, 'base64'),
  });
  return status.toUpperCase();
}

import { readFile } from 'node:fs/promises';
import {
  type Certificate,
  type CertificateList,
  type PolicyInputs,
  parseCertificate,
  parseCrl,
  type TrustAnchor,
  TrustError,
  validatePath,
} from '@jami-plugin-store/trust';
import { type Case, runSuite, type SuiteReport, type Verdict } from './report.js';

/** One case of a paths file (conformance README); everything but the certificates may be missing. */
interface PathCase {
  id?: string;
  name?: string;
  time?: string;
  tags?: string[];
  expectedValid?: boolean;
  policyInputs?: PolicyInputs;
  trustAnchorDer?: string;
  trustAnchorsDer?: string[];
  certsDer: string[];
  crlsDer?: string[];
  checkRevocation?: boolean;
}

export type PathProfile = 'full' | 'no-policy';

/**
 * Judges every case of a file of certification paths, also those that are not counted.
 * @param profile  `no-policy` leaves certificate policies out of the judgement, and cases that need them out of the count
 */
export async function runPaths(file: string, profile: PathProfile): Promise<SuiteReport> {
  const cases = JSON.parse(await readFile(file, 'utf8')) as PathCase[];
  return runSuite(
    'paths',
    cases.map((item, index) => toCase(item, index, profile)),
  );
}

function toCase(item: PathCase, index: number, profile: PathProfile): Case {
  return {
    id: item.id ?? item.name ?? String(index),
    expected: isCounted(item, profile) ? item.expectedValid : undefined,
    judge: async () => judge(item, profile),
    isTyped: (error) => error instanceof TrustError,
    codeOf: (error) => (error instanceof TrustError ? error.code : ''),
  };
}

// DSA is never counted; without policies neither is what only policies can tell.
function isCounted({ tags = [] }: PathCase, profile: PathProfile): boolean {
  return !tags.includes('dsa') && !(profile === 'no-policy' && tags.includes('needs-policy'));
}

function judge(item: PathCase, profile: PathProfile): Verdict {
  const targetDer = item.certsDer.at(-1);
  if (targetDer === undefined) throw new TrustError('PATH_NOT_FOUND', 'The case has no certificate.');
  const anchorsDer = item.trustAnchorsDer ?? (item.trustAnchorDer === undefined ? [] : [item.trustAnchorDer]);
  validatePath({
    target: toCertificate(targetDer),
    intermediates: readable(item.certsDer.slice(0, -1), toCertificate),
    anchors: anchorsDer.length === 1 ? anchorsDer.map(toAnchor) : readable(anchorsDer, toAnchor),
    at: item.time === undefined ? new Date() : new Date(item.time),
    crls: item.checkRevocation === false ? undefined : readable(item.crlsDer ?? [], toCrl),
    policies: profile === 'no-policy' ? 'ignored' : item.policyInputs,
  });
  return { accepted: true, code: null };
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
const toCertificate = (der: string): Certificate => parseCertificate(bytesOf(der));
const toAnchor = (der: string): TrustAnchor => ({ certificate: toCertificate(der) });
const toCrl = (der: string): CertificateList => parseCrl(bytesOf(der));

// A bundle may hold certificates and CRLs that cannot be read; nothing can rest on them either.
function readable<T>(ders: readonly string[], read: (der: string) => T): T[] {
  return ders.flatMap((der) => {
    try {
      return [read(der)];
    } catch (error) {
      if (error instanceof TrustError) return [];
      throw error;
    }
  });
}

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
import {
  bytesOf,
  CaseError,
  type CaseFields,
  idOf,
  isRecord,
  isText,
  isTexts,
  optional,
  readCases,
  timeOf,
} from './case-file.js';
import { type Case, runSuite, type SuiteReport, type Verdict } from './report.js';

export type PathProfile = 'full' | 'no-policy';

/**
 * Judges every case of a file of certification paths, also those that are not counted.
 * @param profile  `no-policy` leaves certificate policies out of the judgement, and cases that need them out of the count
 */
export async function runPaths(file: string, profile: PathProfile): Promise<SuiteReport> {
  const cases = await readCases(file);
  return runSuite(
    'paths',
    cases.map((item, index) => toCase(item, index, profile)),
  );
}

function toCase(item: CaseFields, index: number, profile: PathProfile): Case {
  const { expectedValid } = item;
  return {
    id: idOf(item, index),
    expected: typeof expectedValid === 'boolean' && isCounted(item, profile) ? expectedValid : undefined,
    judge: async () => judge(item, profile),
    isTyped: (error) => error instanceof TrustError || error instanceof CaseError,
    codeOf: (error) => (error instanceof TrustError || error instanceof CaseError ? error.code : ''),
  };
}

// DSA is never counted; without policies neither is what only policies can tell.
function isCounted({ tags }: CaseFields, profile: PathProfile): boolean {
  const isTagged = (tag: string): boolean => Array.isArray(tags) && tags.includes(tag);
  return !isTagged('dsa') && !(profile === 'no-policy' && isTagged('needs-policy'));
}

function judge(item: CaseFields, profile: PathProfile): Verdict {
  const certsDer = optional(item, 'certsDer', isTexts) ?? [];
  const targetDer = certsDer.at(-1);
  if (targetDer === undefined) throw new TrustError('PATH_NOT_FOUND', 'The case has no certificate.');
  const anchorsDer = anchorsOf(item);
  const checkRevocation = optional(item, 'checkRevocation', isFlag) ?? true;
  const crlsDer = optional(item, 'crlsDer', isTexts) ?? [];
  const policyInputs = policyInputsOf(item);
  validatePath({
    target: toCertificate(targetDer),
    intermediates: readable(certsDer.slice(0, -1), toCertificate),
    anchors: anchorsDer.length === 1 ? anchorsDer.map(toAnchor) : readable(anchorsDer, toAnchor),
    at: timeOf(item),
    crls: checkRevocation ? readable(crlsDer, toCrl) : undefined,
    policies: profile === 'no-policy' ? 'ignored' : policyInputs,
  });
  return { accepted: true, code: null };
}

/** One anchor, several, or both. */
function anchorsOf(item: CaseFields): readonly string[] {
  const one = optional(item, 'trustAnchorDer', isText);
  const several = optional(item, 'trustAnchorsDer', isTexts) ?? [];
  return [...new Set([...(one === undefined ? [] : [one]), ...several])];
}

function policyInputsOf(item: CaseFields): PolicyInputs | undefined {
  const inputs = optional(item, 'policyInputs', isRecord);
  if (inputs === undefined) return undefined;
  const policies = optional(inputs, 'initialPolicySet', isTexts);
  return {
    // RFC 5280 6.1.1 (c): who asks for no policy in particular says any-policy.
    initialPolicySet: policies?.length === 0 ? undefined : policies,
    initialExplicitPolicy: optional(inputs, 'initialExplicitPolicy', isFlag),
    initialPolicyMappingInhibit: optional(inputs, 'initialPolicyMappingInhibit', isFlag),
    initialInhibitAnyPolicy: optional(inputs, 'initialInhibitAnyPolicy', isFlag),
  };
}

const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
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

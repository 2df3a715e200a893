import type { RevocationStanding } from '@jami-plugin-store/trust';
import { given, type InstallRecord } from '../installed/record.js';
import type { Standing } from '../installed/standing.js';
import { faultsSentence, type TreeFault } from '../installed/verify-tree.js';

/** What one look at an installed plugin found. */
export interface Findings {
  readonly record: InstallRecord;
  readonly faults: readonly TreeFault[];
  readonly revocation: readonly RevocationStanding[];
  readonly at: Date;
  /** How long silence is no reason for concern, in milliseconds. */
  readonly graceMs: number;
}

/**
 * What a plugin's standing becomes by new findings (docs/daemon.md, "Watching what is installed"). Changed files disable and files as they
 * were signed heal that. A revocation disables; only a good answer about the same certificate takes it back, neither silence nor expiry.
 * Silence changes nothing but what is said about it.
 */
export function weighFindings(before: Standing | undefined, findings: Findings): Standing {
  return {
    format: 1,
    checkedAt: findings.at.toISOString(),
    ...given('files', weighFiles(before?.files, findings)),
    ...given('revoked', weighRevocation(before?.revoked, findings)),
    ...given('unanswered', weighSilence(before?.unanswered, findings)),
  };
}

function weighFiles(before: Standing['files'], { record, faults, at }: Findings): Standing['files'] {
  const [first] = faults;
  if (first === undefined) return undefined;
  const since = before?.since ?? at.toISOString();
  return { message: faultsSentence(record, faults), since, entry: first.path };
}

function weighRevocation(before: Standing['revoked'], { revocation, at }: Findings): Standing['revoked'] {
  const revoked = revocation.flatMap((standing) => {
    const known = before?.find(({ fingerprint }) => fingerprint === standing.certificate.fingerprint);
    const now = revokedCertificate(standing, known?.since ?? at.toISOString());
    if (now !== undefined) return [now];
    return known === undefined || standing.status === 'good' ? [] : [known];
  });
  return revoked.length === 0 ? undefined : revoked;
}

function revokedCertificate(
  { certificate, status, refusal }: RevocationStanding,
  since: string,
): NonNullable<Standing['revoked']>[number] | undefined {
  if (status !== 'revoked' && status !== 'unknown') return undefined;
  const { fingerprint, subject } = certificate;
  return {
    code: status === 'revoked' ? 'CERTIFICATE_REVOKED' : 'CERTIFICATE_STATUS_UNKNOWN',
    message: refusal?.message ?? `The certificate "${subject.text}" is ${status}.`,
    since,
    certificate: subject.text,
    fingerprint,
  };
}

function weighSilence(
  before: Standing['unanswered'],
  { record, revocation, at, graceMs }: Findings,
): Standing['unanswered'] {
  const silent = revocation.find(({ status }) => status === 'unanswered');
  if (silent === undefined) return undefined;
  const since = before?.since ?? at.toISOString();
  const graceEnds = new Date(Date.parse(since) + graceMs);
  const isOverdue = at >= graceEnds;
  const why = silent.refusal?.message ?? 'Nobody answered.';
  const consequence = isOverdue
    ? `There has been no answer since ${since}; it still runs, but nobody vouches any more that it was not revoked.`
    : `It stays as it was.`;
  return {
    code: silent.refusal?.code ?? 'REVOCATION_NOT_ASKED',
    message: `Whether a certificate of ${record.id} ${record.version} was revoked could not be asked: ${why} ${consequence}`,
    since,
    graceEnds: graceEnds.toISOString(),
    isOverdue,
  };
}

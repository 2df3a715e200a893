import type { Certificate } from '../certificate/certificate.js';
import type { GeneralName, GeneralNameForm } from '../certificate/general-name.js';
import type { NameConstraints } from '../certificate/name-constraints.js';
import { TrustError } from '../error.js';
import { isSelfIssued } from './certificate-checks.js';
import { relationOf } from './name-form.js';
import type { BudgetMeter } from './path-budget.js';

export type NameConstraintCheck = (issuer: Certificate, below: readonly Certificate[]) => void;

const emailAddress = '1.2.840.113549.1.9.1';
/** SmtpUTF8Mailbox: constraints on rfc822Name apply to it (RFC 9598 6), and it is not read here. */
const smtpUtf8Mailbox = '1.3.6.1.5.5.7.8.9';

/**
 * Makes the check of one issuer's name constraints against every certificate below it (RFC 5280 6.1.3 (b), (c)).
 * Judging each issuer's subtrees alone is the same as judging their intersection and union (6.1.4 (g)).
 * A pair is judged once, however many paths it is part of.
 * @throws {TrustError} NAME_CONSTRAINT_VIOLATED
 */
export function createNameConstraintCheck(meter: BudgetMeter): NameConstraintCheck {
  const judged = new Map<Certificate, Map<Certificate, TrustError | undefined>>();
  return (issuer, below) => {
    const constraints = issuer.nameConstraints;
    if (constraints === undefined) return;
    const results = judged.get(issuer) ?? new Map<Certificate, TrustError | undefined>();
    judged.set(issuer, results);
    for (const [index, certificate] of below.entries()) {
      // RFC 5280 6.1.3 (b): a self-issued certificate counts only as the last of the path.
      if (index > 0 && isSelfIssued(certificate)) continue;
      meter.nameComparisons(1);
      if (!results.has(certificate))
        results.set(certificate, violationOf(certificate, constraints, issuer, meter));
      const violation = results.get(certificate);
      if (violation !== undefined) throw violation;
    }
  };
}

function violationOf(
  certificate: Certificate,
  constraints: NameConstraints,
  issuer: Certificate,
  meter: BudgetMeter,
): TrustError | undefined {
  const permitted = groupByForm(constraints.permitted);
  const excluded = groupByForm(constraints.excluded);
  for (const name of namesOf(certificate)) {
    const form = isMailboxInDisguise(name) ? 'email' : name.form;
    const allowed = permitted.get(form) ?? [];
    const forbidden = excluded.get(form) ?? [];
    if (allowed.length + forbidden.length === 0) continue;
    meter.nameComparisons(allowed.length + forbidden.length);
    if (!isAcceptable(name, allowed, forbidden))
      return new TrustError(
        'NAME_CONSTRAINT_VIOLATED',
        `The issuer “${issuer.subject.text}” may not certify the ${form} name of this certificate.`,
        { certificate: certificate.subject.text },
      );
  }
  return undefined;
}

function isAcceptable(
  name: GeneralName,
  allowed: readonly GeneralName[],
  forbidden: readonly GeneralName[],
): boolean {
  if (isMailboxInDisguise(name)) return false;
  const allowedRelations = allowed.map((base) => relationOf(name, base));
  const forbiddenRelations = forbidden.map((base) => relationOf(name, base));
  if (allowedRelations.includes('incomparable')) return false;
  if (forbiddenRelations.some((relation) => relation !== 'outside')) return false;
  return allowed.length === 0 || allowedRelations.includes('inside');
}

function isMailboxInDisguise(name: GeneralName): boolean {
  return name.form === 'other' && name.type === smtpUtf8Mailbox;
}

function groupByForm(names: readonly GeneralName[]): ReadonlyMap<GeneralNameForm, readonly GeneralName[]> {
  const groups = new Map<GeneralNameForm, GeneralName[]>();
  for (const name of names) {
    const group = groups.get(name.form);
    if (group === undefined) groups.set(name.form, [name]);
    else group.push(name);
  }
  return groups;
}

// RFC 5280 4.2.1.10: the subject (unless empty), its emailAddress attributes, and every alternative name.
function namesOf(certificate: Certificate): GeneralName[] {
  const { subject } = certificate;
  const names: GeneralName[] = [...(certificate.subjectAltNames ?? [])];
  if (subject.attributes.length > 0) names.push({ form: 'directory', name: subject });
  for (const { type, value } of subject.attributes)
    if (type === emailAddress) names.push({ form: 'email', text: value });
  return names;
}

import { context, DerReader, tags } from './der.js';
import { DerError } from './der-error.js';
import { counterOf, oidOf } from './der-value.js';
import { open, openSequence } from './extension.js';

export const anyPolicy = '2.5.29.32.0';

/** PolicyConstraints of RFC 5280 4.2.1.11: numbers of certificates to skip. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number | undefined;
  readonly inhibitPolicyMapping?: number | undefined;
}

export interface PolicyMapping {
  readonly issuerDomain: string;
  readonly subjectDomain: string;
}

/** RFC 5280 4.2.1.4: policies, none twice. Qualifiers are read over: nothing here depends on them. */
export function readCertificatePolicies(value: Uint8Array): ReadonlySet<string> {
  const policies = new Set<string>();
  for (const item of openSequence(value, 'certificatePolicies').all(tags.sequence, 'certificatePolicies')) {
    const reader = new DerReader(item.content);
    const policy = oidOf(reader.next(tags.oid, 'policyIdentifier').content);
    const qualifiers = reader.optional(tags.sequence, 'policyQualifiers');
    reader.end('policyInformation');
    if (qualifiers !== undefined) assertQualifiers(new DerReader(qualifiers.content));
    if (policies.has(policy)) throw new DerError(`policy ${policy} twice`);
    policies.add(policy);
  }
  return policies;
}

/** RFC 5280 4.2.1.5. */
export function readPolicyMappings(value: Uint8Array): readonly PolicyMapping[] {
  const items = openSequence(value, 'policyMappings').all(tags.sequence, 'policyMappings');
  return Object.freeze(
    items.map((item) => {
      const reader = new DerReader(item.content);
      const issuerDomain = oidOf(reader.next(tags.oid, 'issuerDomainPolicy').content);
      const subjectDomain = oidOf(reader.next(tags.oid, 'subjectDomainPolicy').content);
      reader.end('policyMapping');
      return Object.freeze({ issuerDomain, subjectDomain });
    }),
  );
}

/** RFC 5280 4.2.1.11: never empty. */
export function readPolicyConstraints(value: Uint8Array): PolicyConstraints {
  const reader = openSequence(value, 'policyConstraints');
  const explicit = reader.optional(context(0), 'requireExplicitPolicy');
  const mapping = reader.optional(context(1), 'inhibitPolicyMapping');
  reader.end('policyConstraints');
  if (explicit === undefined && mapping === undefined) throw new DerError('policyConstraints is empty');
  return Object.freeze({
    requireExplicitPolicy: explicit === undefined ? undefined : counterOf(explicit.content),
    inhibitPolicyMapping: mapping === undefined ? undefined : counterOf(mapping.content),
  });
}

/** RFC 5280 4.2.1.14. */
export function readInhibitAnyPolicy(value: Uint8Array): number {
  return counterOf(open(value, tags.integer, 'inhibitAnyPolicy').content);
}

function assertQualifiers(reader: DerReader): void {
  for (const item of reader.all(tags.sequence, 'policyQualifiers')) {
    const qualifier = new DerReader(item.content);
    qualifier.next(tags.oid, 'policyQualifierId');
    qualifier.any('qualifier');
    qualifier.end('policyQualifierInfo');
  }
}

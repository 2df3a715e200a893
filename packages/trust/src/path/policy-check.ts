import type { Certificate } from '../certificate/certificate.js';
import { anyPolicy } from '../certificate/policy-extension.js';
import { TrustError } from '../error.js';
import { isSelfIssued } from './certificate-checks.js';
import type { BudgetMeter } from './path-budget.js';
import { PolicyGraph } from './policy-graph.js';

/** Inputs (c), (e), (f) and (g) of RFC 5280 6.1.1. */
export interface PolicyInputs {
  /** user-initial-policy-set as dotted OIDs; absent = any-policy. */
  readonly initialPolicySet?: readonly string[] | undefined;
  readonly initialExplicitPolicy?: boolean | undefined;
  readonly initialPolicyMappingInhibit?: boolean | undefined;
  readonly initialInhibitAnyPolicy?: boolean | undefined;
}

interface Counters {
  explicitPolicy: number;
  policyMapping: number;
  inhibitAny: number;
}

/**
 * Certificate policies of a path (RFC 5280 6.1.2 to 6.1.5, with the graph of RFC 9618). The anchor's own policies,
 * policyConstraints and inhibitAnyPolicy bind as well (RFC 5937).
 * @param path  target first, anchor last
 * @returns user-constrained-policy-set
 * @throws {TrustError} POLICY_NOT_ACCEPTED | PATH_BUDGET_EXHAUSTED
 */
export function judgePolicies(
  path: readonly Certificate[],
  inputs: PolicyInputs,
  meter: BudgetMeter,
): ReadonlySet<string> {
  const downward = path.toReversed();
  const last = downward.length - 1;
  const counters: Counters = {
    // RFC 5280 6.1.2 (d), (e), (f): n + 1 unless the input is set.
    explicitPolicy: inputs.initialExplicitPolicy === true ? 0 : last + 1,
    policyMapping: inputs.initialPolicyMappingInhibit === true ? 0 : last + 1,
    inhibitAny: inputs.initialInhibitAnyPolicy === true ? 0 : last + 1,
  };
  const graph = new PolicyGraph();
  for (const [index, certificate] of downward.entries()) {
    const isAnchor = index === 0;
    const selfIssued = isSelfIssued(certificate);
    if (!isAnchor || certificate.certificatePolicies !== undefined)
      graph.add(
        certificate.certificatePolicies,
        isAnchor || counters.inhibitAny > 0 || (index < last && selfIssued),
      );
    meter.policies(graph.lastSize);
    // RFC 5280 6.1.3 (f)
    if (graph.isEmpty && counters.explicitPolicy === 0 && !isAnchor) throw refused(certificate);
    if (index === last) countLast(counters, certificate, isAnchor);
    else prepareNext(graph, counters, certificate, isAnchor || selfIssued);
  }
  const target = downward[last];
  const accepted = graph.intersect(new Set(inputs.initialPolicySet ?? [anyPolicy]));
  // RFC 5280 6.1.5 (g)
  if (counters.explicitPolicy === 0 && accepted.size === 0 && target !== undefined) throw refused(target);
  return accepted;
}

// RFC 5280 6.1.4 (a), (b), (h), (i), (j)
function prepareNext(
  graph: PolicyGraph,
  counters: Counters,
  certificate: Certificate,
  uncounted: boolean,
): void {
  const mappings = certificate.policyMappings ?? [];
  if (mappings.some((mapping) => mapping.issuerDomain === anyPolicy || mapping.subjectDomain === anyPolicy))
    throw new TrustError('POLICY_NOT_ACCEPTED', 'The certificate maps any policy, which is not allowed.', {
      certificate: certificate.subject.text,
    });
  if (mappings.length > 0) graph.map(mappings, counters.policyMapping > 0);
  if (!uncounted) {
    counters.explicitPolicy = Math.max(0, counters.explicitPolicy - 1);
    counters.policyMapping = Math.max(0, counters.policyMapping - 1);
    counters.inhibitAny = Math.max(0, counters.inhibitAny - 1);
  }
  const { policyConstraints, inhibitAnyPolicy } = certificate;
  counters.explicitPolicy = Math.min(
    counters.explicitPolicy,
    policyConstraints?.requireExplicitPolicy ?? Infinity,
  );
  counters.policyMapping = Math.min(
    counters.policyMapping,
    policyConstraints?.inhibitPolicyMapping ?? Infinity,
  );
  counters.inhibitAny = Math.min(counters.inhibitAny, inhibitAnyPolicy ?? Infinity);
}

// RFC 5280 6.1.5 (a), (b)
function countLast(counters: Counters, certificate: Certificate, isAnchor: boolean): void {
  if (!isAnchor) counters.explicitPolicy = Math.max(0, counters.explicitPolicy - 1);
  if (certificate.policyConstraints?.requireExplicitPolicy === 0) counters.explicitPolicy = 0;
}

function refused(certificate: Certificate): TrustError {
  return new TrustError(
    'POLICY_NOT_ACCEPTED',
    'No certificate policy that is accepted holds for the whole path.',
    {
      certificate: certificate.subject.text,
    },
  );
}

import type { Certificate } from '../certificate/certificate.js';
import { anyPolicy } from '../certificate/policy-extension.js';

interface PolicyNode {
  readonly policy: string;
  readonly parents: ReadonlySet<PolicyNode>;
  expected: ReadonlySet<string>;
}

type Level = Map<string, PolicyNode>;

/**
 * The valid policies of a path as the directed graph of RFC 9618, which stays linear in what the certificates
 * say where the tree of RFC 5280 6.1.2 (a) grows exponentially.
 */
export class PolicyGraph {
  /** One level for the anchor and one for each certificate below it; empty once no policy is left. */
  #levels: Level[];

  constructor() {
    const root: PolicyNode = { policy: anyPolicy, parents: new Set(), expected: new Set([anyPolicy]) };
    this.#levels = [new Map([[anyPolicy, root]])];
  }

  get isEmpty(): boolean {
    return this.#levels.length === 0;
  }

  /** Policies at the last level: what the next certificate costs. */
  get lastSize(): number {
    return this.#levels.at(-1)?.size ?? 0;
  }

  /** RFC 9618 5.3 (RFC 5280 6.1.3 (d), (e)): the next certificate's policies; `anyCounts` where its anyPolicy does. */
  add(policies: Certificate['certificatePolicies'], anyCounts: boolean): void {
    const previous = this.#levels.at(-1);
    if (previous === undefined) return;
    if (policies === undefined) {
      this.#levels = [];
      return;
    }
    const expecting = parentsByExpectedPolicy(previous);
    const any = previous.get(anyPolicy);
    const level: Level = new Map();
    for (const policy of policies) {
      if (policy === anyPolicy) continue;
      const parents = expecting.get(policy) ?? (any === undefined ? undefined : new Set([any]));
      if (parents !== undefined) level.set(policy, { policy, parents, expected: new Set([policy]) });
    }
    if (policies.has(anyPolicy) && anyCounts)
      for (const [policy, parents] of expecting)
        if (!level.has(policy)) level.set(policy, { policy, parents, expected: new Set([policy]) });
    this.#levels.push(level);
    this.#prune();
  }

  /** RFC 9618 5.4 (RFC 5280 6.1.4 (b)): mappings of the last certificate added; `allowed` while policy_mapping > 0. */
  map(mappings: NonNullable<Certificate['policyMappings']>, allowed: boolean): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    const targets = new Map<string, Set<string>>();
    for (const { issuerDomain, subjectDomain } of mappings) {
      const known = targets.get(issuerDomain);
      if (known === undefined) targets.set(issuerDomain, new Set([subjectDomain]));
      else known.add(subjectDomain);
    }
    const any = level.get(anyPolicy);
    for (const [policy, expected] of targets) {
      const node = level.get(policy);
      if (!allowed) level.delete(policy);
      else if (node !== undefined) node.expected = expected;
      else if (any !== undefined) level.set(policy, { policy, parents: any.parents, expected });
    }
    this.#prune();
  }

  /** RFC 9618 5.5 (RFC 5280 6.1.5 (g)): what is left of the policies the caller accepts. */
  intersect(initialPolicies: ReadonlySet<string>): ReadonlySet<string> {
    const authority = new Set<string>();
    for (const level of this.#levels)
      for (const node of level.values())
        if (node.policy !== anyPolicy && [...node.parents].some((parent) => parent.policy === anyPolicy))
          authority.add(node.policy);
    if (this.#levels.at(-1)?.has(anyPolicy) === true) authority.add(anyPolicy);
    if (initialPolicies.has(anyPolicy)) return authority;
    if (authority.has(anyPolicy)) return new Set(initialPolicies);
    return new Set([...authority].filter((policy) => initialPolicies.has(policy)));
  }

  // RFC 5280 6.1.3 (d) (3): nodes without a child go, from the bottom up.
  #prune(): void {
    const levels = this.#levels;
    for (let index = levels.length - 1; index > 0; index -= 1) {
      const needed = new Set([...(levels[index]?.values() ?? [])].flatMap((node) => [...node.parents]));
      const above = levels[index - 1];
      if (above === undefined || needed.size === above.size) break;
      for (const [policy, node] of above) if (!needed.has(node)) above.delete(policy);
    }
    if (levels[0]?.size === 0 || levels.at(-1)?.size === 0) this.#levels = [];
  }
}

function parentsByExpectedPolicy(level: Level): ReadonlyMap<string, ReadonlySet<PolicyNode>> {
  const parents = new Map<string, Set<PolicyNode>>();
  for (const node of level.values())
    for (const policy of node.expected) {
      const known = parents.get(policy);
      if (known === undefined) parents.set(policy, new Set([node]));
      else known.add(node);
    }
  return parents;
}

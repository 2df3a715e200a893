import type { PublicKey } from '../certificate/certificate.js';
import { TrustError } from '../error.js';

/** How much work one judgement may cost, whatever certificates it is given. */
export interface PathBudget {
  /** Certificates tried as the next issuer. */
  readonly steps: number;
  /** Signature checks, in checks of a 4096-bit RSA key, a P-256 or an Ed25519 key. */
  readonly signatureChecks: number;
  /** Comparisons of one name with one name constraint. */
  readonly nameComparisons: number;
  /** Policies carried from one certificate to the next. */
  readonly policies: number;
}

/** Together well under a second on a slow machine; a hundred times what lawful bundles need. */
const defaultPathBudget: PathBudget = {
  steps: 20_000,
  signatureChecks: 1_200,
  nameComparisons: 500_000,
  policies: 100_000,
};

export interface BudgetMeter {
  /** Each throws PATH_BUDGET_EXHAUSTED when nothing is left. */
  step(): void;
  signatureCheck(key: PublicKey): void;
  nameComparisons(count: number): void;
  policies(count: number): void;
}

/** Counts work against a budget; one meter serves one judgement with all its sub-paths. */
export function createBudgetMeter(limits: Partial<PathBudget> = {}): BudgetMeter {
  const left = { ...defaultPathBudget, ...limits };
  const take = (kind: keyof PathBudget, cost: number, what: string): void => {
    left[kind] -= cost;
    if (left[kind] < 0)
      throw new TrustError(
        'PATH_BUDGET_EXHAUSTED',
        `The certificates ask for too much work: too many ${what}.`,
      );
  };
  return {
    step: () => take('steps', 1, 'possible issuers'),
    signatureCheck: (key) => take('signatureChecks', costOf(key), 'signature checks'),
    policies: (count) => take('policies', count, 'policies'),
    nameComparisons: (count) => take('nameComparisons', count, 'names under name constraints'),
  };
}

// RSA verification grows with the square of the modulus; OpenSSL has fast arithmetic for P-256 and not for the larger curves.
function costOf({ curve, modulusBits = 0 }: PublicKey): number {
  if (curve === 'P-384') return 10;
  return curve === 'P-521' ? 22 : Math.max(1, (modulusBits / 4096) ** 2);
}

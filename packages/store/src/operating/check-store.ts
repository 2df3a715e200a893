import { checkAudit } from './check-audit.js';
import { checkBlobs } from './check-blobs.js';
import { checkCatalog } from './check-catalog.js';
import { checkUploads } from './check-uploads.js';
import type { Finding, FindingCode } from './finding.js';
import type { StoreData } from './store-data.js';

export interface CheckOptions {
  readonly data: StoreData;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** Removes what nothing refers to, and works out anew what is worked out from other rows. Default false: only looks. */
  readonly repair?: boolean | undefined;
  /** Bytes that nothing refers to are left alone while they are younger: somebody may be about to enter them. */
  readonly olderThanMs: number;
  readonly onProgress?: ((progress: { readonly blobs: number }) => void) | undefined;
}

export interface CheckReport {
  /** Findings by code, all of them. */
  readonly counts: Readonly<Partial<Record<FindingCode, number>>>;
  /** The first of each code. */
  readonly findings: readonly Finding[];
  /** Findings that are still so. */
  readonly remaining: number;
  readonly blobs: { readonly read: number; readonly bytes: number; readonly youngOrphans: number };
  readonly auditRecords: number;
  /** Uploads that may still go on. */
  readonly unfinishedUploads: number;
}

/** Findings told one by one, of each code; all are counted. */
const maxTold = 100;

/** What the parts of a check share. */
export interface Checking extends CheckOptions {
  readonly repair: boolean;
  readonly tell: (finding: Finding) => void;
}

/**
 * Holds a store against itself, also while processes serve it and others publish: bytes against the rows that refer to them, the audit log
 * against its hashes, what is offered and found against what it is worked out from. With `repair`, nothing goes that anything refers to,
 * or is about to.
 * @throws {StoreError} as databases and blobs fail
 */
export async function checkStore(options: CheckOptions): Promise<CheckReport> {
  const counts: Partial<Record<FindingCode, number>> = {};
  const findings: Finding[] = [];
  let remaining = 0;
  const checking: Checking = {
    ...options,
    repair: options.repair ?? false,
    tell(finding) {
      const count = (counts[finding.code] ?? 0) + 1;
      counts[finding.code] = count;
      if (count <= maxTold) findings.push(finding);
      if (!finding.repaired) remaining += 1;
    },
  };
  await checkCatalog(checking);
  const auditRecords = await checkAudit(checking);
  const unfinishedUploads = await checkUploads(checking);
  const blobs = await checkBlobs(checking);
  return { counts, findings, remaining, blobs, auditRecords, unfinishedUploads };
}

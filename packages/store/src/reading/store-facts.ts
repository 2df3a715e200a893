import type { StoreInfo } from '@jami-plugin-store/contract';
import type { RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { StoreQueries } from '../database/database.js';

/** What is fixed about a store while it runs. */
export interface FixedFacts {
  /** Shown to users. */
  readonly name: string;
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
}

export async function storeFacts(
  queries: StoreQueries,
  { name, anchors, revocation }: FixedFacts,
): Promise<StoreInfo> {
  const { plugins } = await queries
    .selectFrom('plugins')
    .select(({ fn }) => fn.count<number>('listed').as('plugins'))
    .executeTakeFirstOrThrow();
  return {
    name,
    api: ['v1'],
    roots: anchors.map(({ certificate }) => ({
      subject: certificate.subject.text,
      sha256: certificate.fingerprint,
      notAfter: certificate.notAfter.toISOString(),
    })),
    revocation,
    plugins: Number(plugins),
  };
}

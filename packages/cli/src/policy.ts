import { resolve } from 'node:path';
import type { RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { Io } from './io.js';
import { defaultDataDir, readTrustAnchors } from './options.js';

/** The command-line options by which a user sets the rules of trust. */
export interface PolicyOptions {
  readonly dataDir?: string | undefined;
  readonly trustAnchor?: readonly string[] | undefined;
  readonly revocation?: RevocationMode | undefined;
  readonly at?: Date | undefined;
}

export interface Policy {
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  /** Undefined: judge at the clock's time. */
  readonly at: Date | undefined;
}

/**
 * Anchors given by hand replace those of the configured stores. Configured stores must offer revocation data
 * (`required`); by hand the certificates decide (`when-named`).
 */
export async function choosePolicy(io: Io, options: PolicyOptions): Promise<Policy> {
  const byHand = options.trustAnchor ?? [];
  const anchors =
    byHand.length > 0 ? await readTrustAnchors(io, byHand) : await configuredAnchors(io, options.dataDir);
  const revocation = options.revocation ?? (byHand.length > 0 ? 'when-named' : 'required');
  return { anchors, revocation, at: options.at };
}

async function configuredAnchors(io: Io, dataDir: string | undefined): Promise<TrustAnchor[]> {
  const [{ listStores }, { parseTrustAnchors }] = await Promise.all([
    import('@jami-plugin-store/client'),
    import('@jami-plugin-store/trust'),
  ]);
  const stores = await listStores(resolve(io.cwd, dataDir ?? defaultDataDir(io)));
  return stores.flatMap((store) => parseTrustAnchors(Buffer.from(store.rootPem)));
}

import type { CatalogSort } from '@jami-plugin-store/contract';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';

/** What the user looks for in the store; kept while other screens are open. */
export interface Browsing {
  readonly text: string;
  readonly category: string | undefined;
  readonly sort: CatalogSort | undefined;
  /** Name of the store chosen, where there are several. */
  readonly store: string | undefined;
}

interface BrowsingState {
  readonly browsing: Browsing;
  readonly browse: (change: Partial<Browsing>) => void;
}

const BrowsingContext = createContext<BrowsingState | undefined>(undefined);
const nothing: Browsing = { text: '', category: undefined, sort: undefined, store: undefined };

export function useBrowsing(): BrowsingState {
  const state = useContext(BrowsingContext);
  if (state === undefined) throw new Error('Rendered outside BrowsingProvider');
  return state;
}

export function BrowsingProvider({ children }: { children: ReactNode }) {
  const [browsing, setBrowsing] = useState(nothing);
  const state = useMemo(
    () => ({
      browsing,
      browse: (change: Partial<Browsing>) => setBrowsing((known) => ({ ...known, ...change })),
    }),
    [browsing],
  );
  return <BrowsingContext value={state}>{children}</BrowsingContext>;
}

import type { PluginView } from '@jami-plugin-store/contract';
import {
  createContext,
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useContext,
  useMemo,
  useState,
} from 'react';
import { keyOfView } from '../page/page-cache.js';
import { useLivePlugins } from '../page/page-queries.js';

const FailureDialog = lazy(() => import('./failure-dialog.js'));

interface FailureOpener {
  /** Shows why a plugin was not installed, or was turned off, and what to do about it. */
  readonly explain: (view: PluginView) => void;
}

const FailureContext = createContext<FailureOpener | undefined>(undefined);

export function useFailure(): FailureOpener {
  const opener = useContext(FailureContext);
  if (opener === undefined) throw new Error('Rendered outside FailureProvider');
  return opener;
}

/** Holds the one explanation that is open; its code comes when the first is wanted. */
export function FailureProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<PluginView>();
  const opener = useMemo(() => ({ explain: setOpen }), []);
  const close = useCallback(() => setOpen(undefined), []);
  const plugins = useLivePlugins();
  const current = open && (plugins.find((view) => keyOfView(view) === keyOfView(open)) ?? open);
  return (
    <FailureContext value={opener}>
      {children}
      {current !== undefined && (
        <Suspense fallback={null}>
          <FailureDialog view={current} onClose={close} />
        </Suspense>
      )}
    </FailureContext>
  );
}

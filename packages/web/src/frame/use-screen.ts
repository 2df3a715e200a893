import { useMemo, useSyncExternalStore } from 'react';
import { addressOf, type Screen, screenOf } from './screens.js';

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

/** The address behind the `#`, as it changes. */
export function useHash(): string {
  return useSyncExternalStore(subscribe, () => location.hash);
}

/** The screen the user is at. */
export function useScreen(): Screen {
  const hash = useHash();
  return useMemo(() => screenOf(hash), [hash]);
}

/** Leads somewhere, as a link does. */
export function goTo(screen: Screen): void {
  location.hash = addressOf(screen);
}

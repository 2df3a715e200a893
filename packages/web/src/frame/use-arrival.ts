import { useEffect, useLayoutEffect, useRef } from 'react';

interface VisitState {
  readonly visit: number;
}

const isVisit = (state: unknown): state is VisitState =>
  typeof state === 'object' && state !== null && 'visit' in state && typeof state.visit === 'number';

/**
 * Where a screen begins: on top, or, on the way back, where it was left. The focus goes to the page's main part, so that a
 * screen reader begins there, except at the first screen.
 */
export function useArrival(hash: string): void {
  const places = useRef(new Map<number, number>());
  const visits = useRef(0);
  const isFirst = useRef(true);
  useEffect(() => {
    history.scrollRestoration = 'manual';
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another arrival
  useLayoutEffect(() => {
    // An entry of the history that was visited before has its number; a new one gets it now.
    const known: unknown = history.state;
    const visit = isVisit(known) ? known.visit : visits.current + 1;
    visits.current = Math.max(visits.current, visit);
    if (!isVisit(known)) history.replaceState({ visit } satisfies VisitState, '');
    if (!isFirst.current) {
      document.getElementById('main')?.focus({ preventScroll: true });
      window.scrollTo(0, places.current.get(visit) ?? 0);
    }
    isFirst.current = false;
    const remember = (): void => {
      places.current.set(visit, window.scrollY);
    };
    window.addEventListener('scroll', remember, { passive: true });
    return () => window.removeEventListener('scroll', remember);
  }, [hash]);
}

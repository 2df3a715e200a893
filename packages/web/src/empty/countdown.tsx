import { CountdownRing, WatchingRing } from '../look/ring.js';
import { useNow } from '../texts/use-now.js';

const tickMs = 1_000;

/** Seconds until something is tried again; 0 when it should be under way, undefined where nobody said when. */
export function useSecondsUntil(instant: string | undefined): number | undefined {
  const now = useNow(tickMs);
  return instant === undefined ? undefined : Math.max(0, Math.ceil((Date.parse(instant) - now) / 1000));
}

/** A ring that runs out, or one that watches. `fromSeconds` is a full ring. */
export function HealFigure({ seconds, fromSeconds }: { seconds: number | undefined; fromSeconds: number }) {
  if (seconds === undefined || seconds === 0) return <WatchingRing />;
  return <CountdownRing share={Math.min(1, seconds / Math.max(1, fromSeconds))} />;
}

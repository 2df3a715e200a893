import type { Seal } from '@jami-plugin-store/contract';
import { classNames } from './class-names.js';
import { lobes } from './lobes.js';
import classes from './ring.module.css';
import { SealShape } from './seal-mark.js';

const ticks = 24;

interface RingProps {
  readonly size?: number | undefined;
}

function Ring({
  size = 40,
  className,
  children,
}: RingProps & { className?: string | undefined; children: React.ReactNode }) {
  return (
    <svg className={className} width={size} height={size} viewBox="0 0 44 44" fill="none" aria-hidden="true">
      {children}
    </svg>
  );
}

function Arc({ share }: { share: number | undefined }) {
  if (share === undefined) {
    return (
      <circle
        className={classNames(classes.arc, classes.unknown)}
        cx="22"
        cy="22"
        r="19"
        pathLength="100"
        strokeDasharray="22 78"
      />
    );
  }
  const length = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return (
    <circle
      className={classes.arc}
      cx="22"
      cy="22"
      r="19"
      pathLength="100"
      strokeDasharray={`${length} 100`}
      // A round end would show a dot where there is nothing yet.
      strokeLinecap={length === 0 ? 'butt' : 'round'}
      transform="rotate(-90 22 22)"
    />
  );
}

/** A smooth arc that follows the bytes; the square in it stops. `share` is unknown where the store did not tell a length. */
export function DownloadRing({ share, size }: RingProps & { share: number | undefined }) {
  return (
    <Ring size={size} className={classes.download}>
      <circle className={classes.track} cx="22" cy="22" r="19" />
      <Arc share={share} />
      <rect x="17" y="17" width="10" height="10" rx="2.2" fill="currentColor" />
    </Ring>
  );
}

/** The same, standing still with a pause sign, while the network is away. */
export function WaitingRing({ share, size }: RingProps & { share: number | undefined }) {
  return (
    <Ring size={size} className={classes.waiting}>
      <circle className={classes.track} cx="22" cy="22" r="19" />
      <Arc share={share ?? 0} />
      <path d="M19 17v10M25 17v10" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" />
    </Ring>
  );
}

/** 24 ticks, lit by the share of files verified; it turns, for nothing in it says how long. */
export function VerifyRing({ share, size }: RingProps & { share: number }) {
  const lit = Math.min(ticks, Math.floor(Math.max(0, share) * ticks));
  const dashes = lit === 0 ? '0 48' : `${Array.from({ length: lit }, () => '1 1').join(' ')} 0 48`;
  return (
    <Ring size={size} className={classes.verify}>
      <g className={classes.turn}>
        <circle
          className={classes.tick}
          cx="22"
          cy="22"
          r="18"
          pathLength="48"
          strokeDasharray="1 1"
          transform="rotate(-90 22 22)"
        />
        <circle
          className={classNames(classes.tick, classes.lit)}
          cx="22"
          cy="22"
          r="18"
          pathLength="48"
          strokeDasharray={dashes}
          transform="rotate(-90 22 22)"
        />
      </g>
      <g transform="translate(11.8 11.8) scale(.85)">
        <path d={lobes} stroke="currentColor" strokeWidth="2" />
      </g>
    </Ring>
  );
}

/** Where the ring ends: the seal of what was found. `isFresh` lets the ticks close into its lobes. */
export function SealRing({ seal, size, isFresh = false }: RingProps & { seal: Seal; isFresh?: boolean }) {
  return (
    <Ring size={size} className={classNames(classes[seal], isFresh && classes.closing)}>
      {isFresh && (
        <circle className={classes.fading} cx="22" cy="22" r="18" pathLength="48" strokeDasharray="1 1" />
      )}
      <g transform="translate(-1 -1) scale(1.917)">
        <g className={classes.shape}>
          <SealShape seal={seal} ink={seal === 'verified' ? 'var(--on-good)' : 'var(--on-bad)'} />
        </g>
      </g>
    </Ring>
  );
}

/** Ticks that go round while something is watched for. */
export function WatchingRing({ size = 22 }: RingProps) {
  return (
    <Ring size={size} className={classes.verify}>
      <g className={classes.turn}>
        <circle
          className={classNames(classes.tick, classes.lit)}
          cx="22"
          cy="22"
          r="17"
          pathLength="24"
          strokeDasharray="1 1"
        />
      </g>
    </Ring>
  );
}

/** What is left of a wait, as an arc that gets shorter. */
export function CountdownRing({ share, size = 22 }: RingProps & { share: number }) {
  return (
    <Ring size={size} className={classes.download}>
      <circle className={classes.track} cx="22" cy="22" r="18" />
      <Arc share={share} />
    </Ring>
  );
}

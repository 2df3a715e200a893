import type { Seal } from '@jami-plugin-store/contract';
import { useId } from 'react';
import { crack, lobes } from './lobes.js';
import classes from './seal-mark.module.css';

const tick = 'm7.9 12.4 2.8 2.8 5.4-5.8';

/** The two halves of a seal whose content was changed, drawn with the colour around them. */
function SplitSeal() {
  const id = useId();
  return (
    <g fill="currentColor">
      <clipPath id={`${id}s`}>
        <path d={crack.start} />
      </clipPath>
      <clipPath id={`${id}e`}>
        <path d={crack.end} />
      </clipPath>
      <path d={lobes} clipPath={`url(#${id}s)`} transform="rotate(-7 12 22) translate(-.7 0)" />
      <path d={lobes} clipPath={`url(#${id}e)`} transform="rotate(7 12 22) translate(.7 0)" />
    </g>
  );
}

/** What the seal looks like, in a box of 24. It never lies: outline = signed, filled = verified here, split = changed, crossed = revoked. */
export function SealShape({ seal, ink = 'var(--surface)' }: { seal: Seal; ink?: string }) {
  const line = { fill: 'none', strokeLinecap: 'round', strokeLinejoin: 'round' } as const;
  if (seal === 'none') {
    return <path d={lobes} {...line} stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.6 2.4" />;
  }
  if (seal === 'signed') {
    return (
      <>
        <path d={lobes} {...line} stroke="currentColor" strokeWidth="1.6" />
        <path d="m8.4 12.3 2.4 2.4 4.8-5" {...line} stroke="currentColor" strokeWidth="1.7" />
      </>
    );
  }
  if (seal === 'changed') return <SplitSeal />;
  return (
    <>
      <path d={lobes} fill="currentColor" />
      <path
        className={classes.stroke}
        d={seal === 'verified' ? tick : 'm8.8 8.8 6.4 6.4M15.2 8.8l-6.4 6.4'}
        {...line}
        stroke={ink}
        strokeWidth="2.1"
        pathLength="10"
      />
    </>
  );
}

/** The seal beside a name. The words that say the same stand near it, or are read out by whoever uses it. */
export function SealMark({ seal, size = 15 }: { seal: Seal; size?: number }) {
  return (
    <svg className={classes[seal]} width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <SealShape seal={seal} />
    </svg>
  );
}

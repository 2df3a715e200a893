import { wideLobes } from '../look/lobes.js';
import classes from './spots.module.css';

function Spot({ children, ground = 70 }: { children: React.ReactNode; ground?: number }) {
  return (
    <svg className={classes.spot} viewBox="0 0 176 124" fill="none" aria-hidden="true">
      <ellipse className={classes.ground} cx="88" cy="112" rx={ground} ry="7" />
      {children}
    </svg>
  );
}

/** A shop with its sign turned round. */
export function ClosedShop() {
  return (
    <Spot>
      <path className={classes.line} d="M44 52v50h88V52" />
      <path className={classes.paper} d="M38 22h100l6 24H32Z" />
      <path className={classes.line} d="M38 22h100l6 24H32Z" />
      <path
        className={classes.tint}
        d="M32 46a9.3 9.3 0 0 0 18.7 0a9.3 9.3 0 0 0 18.6 0a9.3 9.3 0 0 0 18.7 0a9.3 9.3 0 0 0 18.7 0a9.3 9.3 0 0 0 18.6 0a9.3 9.3 0 0 0 18.7 0Z"
      />
      <path
        className={classes.accent}
        d="M32 46a9.3 9.3 0 0 0 18.7 0a9.3 9.3 0 0 0 18.6 0a9.3 9.3 0 0 0 18.7 0a9.3 9.3 0 0 0 18.7 0a9.3 9.3 0 0 0 18.6 0a9.3 9.3 0 0 0 18.7 0"
      />
      <path className={classes.fine} d="M56 68h64M56 78h64M56 88h64" />
      <path className={classes.line} d="m78 76 10-10 10 10" />
      <g transform="rotate(-6 88 86)">
        <rect className={classes.card} x="68" y="76" width="40" height="20" rx="4" />
        <path className={classes.accent} d="M78 86h20" />
      </g>
    </Spot>
  );
}

/** A plug and a socket that do not fit. */
export function WrongSocket() {
  return (
    <Spot>
      <path className={classes.tint} d="M26 44h34a10 10 0 0 1 10 10v18a10 10 0 0 1-10 10H26Z" />
      <path
        className={classes.accent}
        d="M26 44h34a10 10 0 0 1 10 10v18a10 10 0 0 1-10 10H26ZM70 54h18M70 72h18M26 63H10"
      />
      <rect className={classes.card} x="106" y="28" width="58" height="70" rx="14" />
      <circle className={classes.hole} cx="124" cy="63" r="6" />
      <circle className={classes.hole} cx="146" cy="50" r="6" />
      <circle className={classes.hole} cx="146" cy="76" r="6" />
    </Spot>
  );
}

/** A plug that was pulled. */
export function PulledPlug() {
  return (
    <Spot>
      <path className={classes.line} d="M4 88c20 0 16-28 34-28" />
      <path className={classes.tint} d="M38 46h16a14 14 0 0 1 0 28H38Z" />
      <path className={classes.accent} d="M38 46h16a14 14 0 0 1 0 28H38ZM68 54h9M68 66h9" />
      <path className={classes.line} d="M172 32c-20 0-16 28-34 28" />
      <path className={classes.card} d="M138 46h-14a8 8 0 0 0-8 8v12a8 8 0 0 0 8 8h14Z" />
      <path className={classes.line} d="M96 34v-9M105 38l6-7M87 38l-6-7M96 86v9M105 82l6 7M87 82l-6 7" />
    </Spot>
  );
}

/** The seal, asleep. */
export function SleepingSeal() {
  return (
    <Spot ground={56}>
      <g transform="translate(42 16) scale(3.83)">
        <path className={classes.sleeper} d={wideLobes} />
      </g>
      <path
        className={classes.line}
        d="M66 62c3 4 9 4 12 0M98 62c3 4 9 4 12 0M83 76c3 2.5 7 2.5 10 0M136 34h10l-10 11h10M153 14h7l-7 8h7"
      />
    </Spot>
  );
}

/** A shelf with nothing on it. */
export function EmptyShelf() {
  return (
    <Spot>
      <path className={classes.line} d="M30 20v84M146 20v84M30 58h116M30 96h116" />
      <path className={classes.fine} d="M46 44h20M112 82h20" />
      <rect className={classes.tint} x="76" y="34" width="24" height="24" rx="6" />
      <rect className={classes.dashed} x="76" y="34" width="24" height="24" rx="6" />
    </Spot>
  );
}

/** A key that does not turn. */
export function OldKey() {
  return (
    <Spot ground={56}>
      <circle className={classes.tint} cx="62" cy="60" r="24" />
      <circle className={classes.accentShape} cx="62" cy="60" r="24" />
      <circle className={classes.hole} cx="56" cy="60" r="7" />
      <path className={classes.accent} d="M86 60h58M132 60v14M144 60v10" />
      <path className={classes.line} d="M120 34l8-8M136 38h11M124 88l8 8" />
    </Spot>
  );
}

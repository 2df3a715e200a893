import { useState } from 'react';
import classes from './art.module.css';
import { classNames } from './class-names.js';

/** A number that belongs to a text, the same on every machine; good enough to choose a colour by. */
function hueOf(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 360;
  return sum;
}

interface ArtProps {
  /** Address on this host; without one, or where it cannot be shown, a picture is made of the name. */
  readonly src: string | undefined;
  readonly name: string;
}

/** A picture that says nothing the words beside it do not say. */
function Picture({
  src,
  name,
  className,
  children,
}: ArtProps & { className: string | undefined; children?: React.ReactNode }) {
  const [broken, setBroken] = useState<string>();
  const isShown = src !== undefined && src !== broken;
  return (
    <span
      className={className}
      style={{ '--hue': hueOf(name) } as React.CSSProperties}
      data-made={isShown ? undefined : true}
    >
      {isShown ? (
        <img
          src={src}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={() => setBroken(src)}
        />
      ) : (
        children
      )}
    </span>
  );
}

/** A plugin's icon. */
export function PluginIcon({
  src,
  name,
  size,
  isOff = false,
}: ArtProps & { size: 'row' | 'card' | 'hero'; isOff?: boolean }) {
  const initial = [...name.trim()][0]?.toUpperCase() ?? '?';
  return (
    <Picture src={src} name={name} className={classNames(classes.icon, classes[size], isOff && classes.off)}>
      <span className={classes.initial} aria-hidden="true">
        {initial}
      </span>
    </Picture>
  );
}

/** A plugin's background, cut to the place it has. */
export function PluginBackground({ src, name }: ArtProps) {
  return <Picture src={src} name={name} className={classes.background} />;
}

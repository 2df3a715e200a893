/** Line drawings in a box of 24, drawn with the colour of the text they stand in. */
const paths = {
  search: 'M17.5 11a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0ZM16 16l4.5 4.5',
  sun: 'M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1',
  moon: 'M20 14.2A8 8 0 0 1 9.8 4a8 8 0 1 0 10.2 10.2Z',
  screen: 'M5.5 4.5h13a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2ZM9 20h6M12 16.5V20',
  sliders:
    'M4 8h8M17 8h3M4 16h3M12 16h8M17 8a2.2 2.2 0 1 1-4.4 0A2.2 2.2 0 0 1 17 8ZM11.6 16a2.2 2.2 0 1 1-4.4 0 2.2 2.2 0 0 1 4.4 0Z',
  download: 'M12 4v10.5M7.5 10.5 12 15l4.5-4.5M4.5 15.5V18A2 2 0 0 0 6.5 20h11a2 2 0 0 0 2-2v-2.5',
  back: 'm14.5 6-6 6 6 6',
  next: 'm9.5 6 6 6-6 6',
  down: 'm7 10 5 5 5-5',
  undo: 'M8.5 5 4.5 9l4 4M4.5 9H14a5.5 5.5 0 0 1 0 11H9',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'm6.5 6.5 11 11M17.5 6.5l-11 11',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  clock: 'M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0ZM12 7.5V12l3 2',
  copy: 'M10.5 8.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM15.5 8.5V6.5a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2',
  sprout:
    'M12 20.5v-9M12 13c-3.5 0-5.5-2-5.5-5.5 3.5 0 5.5 2 5.5 5.5ZM12 11.5c0-4 2-6.5 6-6.5 0 4-2 6.5-6 6.5ZM7.5 20.5h9',
  house:
    'M4.5 20.5v-13l8-3.5v16.5M12.5 9.5l7 2.5v8.5M3 20.5h18M8 10v.01M8 13.5v.01M8 17v.01M16 14.5v.01M16 17.5v.01',
  plug: 'M9 3.5v4M15 3.5v4M6.5 7.5h11V11a5.5 5.5 0 0 1-11 0ZM12 16.5v4',
  pages:
    'M8.5 7V5a1.5 1.5 0 0 1 1.5-1.5h5l4 4V15a1.5 1.5 0 0 1-1.5 1.5H16M6.5 7.5h5l4 4V19a1.5 1.5 0 0 1-1.5 1.5H6.5A1.5 1.5 0 0 1 5 19V9a1.5 1.5 0 0 1 1.5-1.5Z',
  folder: 'M3.5 7.5v10a2 2 0 0 0 2 2h13a2 2 0 0 0 2-2V9.5a2 2 0 0 0-2-2H12l-2-2.5H5.5a2 2 0 0 0-2 2.5Z',
  shield: 'M12 3.5 5 6v5.5c0 4.3 2.9 7.3 7 9 4.1-1.7 7-4.7 7-9V6Z',
  list: 'M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5v.01M4.5 12v.01M4.5 17.5v.01',
  again: 'M4.5 12a7.5 7.5 0 1 0 2.6-5.7M4.5 4.5v4h4',
  pin: 'M9 4h6M10 4v6l-3 3.5h10L14 10V4M12 13.5V20',
  bin: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10.5 10.5v6M13.5 10.5v6',
  info: 'M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0ZM12 11v5M12 8v.01',
  skip: 'M6 6.5v11l8-5.5ZM18 6.5v11',
  bell: 'M6 16.5V11a6 6 0 1 1 12 0v5.5l1.5 1.5h-15ZM10 20.5h4',
} as const;

const filled = {
  more: 'M7.1 12a1.6 1.6 0 1 1-3.2 0 1.6 1.6 0 0 1 3.2 0ZM13.6 12a1.6 1.6 0 1 1-3.2 0 1.6 1.6 0 0 1 3.2 0ZM20.1 12a1.6 1.6 0 1 1-3.2 0 1.6 1.6 0 0 1 3.2 0Z',
  play: 'M8 5.5v13l10.5-6.5Z',
  pause: 'M7.5 5.5h3v13h-3ZM13.5 5.5h3v13h-3Z',
  stepBack: 'M6 5.5h2v13H6ZM18.5 5.5v13L9 12Z',
  stepOn: 'M16 5.5h2v13h-2ZM5.5 5.5v13L15 12Z',
} as const;

export type IconName = keyof typeof paths | keyof typeof filled;

const isFilled = (name: IconName): name is keyof typeof filled => Object.hasOwn(filled, name);

/** One line drawing; says nothing to a screen reader: the words beside it do. */
export function Icon({
  name,
  size = 18,
  className,
}: {
  name: IconName;
  size?: number;
  className?: string | undefined;
}) {
  return (
    <svg
      className={className}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={isFilled(name) ? 'currentColor' : 'none'}
      stroke={isFilled(name) ? 'none' : 'currentColor'}
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={isFilled(name) ? filled[name] : paths[name]} />
    </svg>
  );
}

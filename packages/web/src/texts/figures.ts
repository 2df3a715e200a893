/** Numbers, sizes and times as people of a language write them. */
export interface Figures {
  readonly number: (value: number) => string;
  /** `12.6 MB` */
  readonly size: (bytes: number) => string;
  /** Both in the unit of the whole: `12.4`, `31.0 MB`. */
  readonly sizes: (part: number, whole: number) => { part: string; whole: string };
  /** `18 Nov 2026` */
  readonly date: (instant: string) => string;
  /** `18 Nov 2026, 09:14` */
  readonly moment: (instant: string) => string;
  /** `today at 09:14`, `3 minutes ago`: near times by distance, others by date. */
  readonly ago: (instant: string, now?: number) => string;
  /** `in 3 hours` */
  readonly ahead: (instant: string, now?: number) => string;
  /** Name of a language in the page's language. */
  readonly languageName: (tag: string) => string;
  /** `a, b and c` */
  readonly list: (items: readonly string[]) => string;
  /** Orders texts as the language does. */
  readonly compare: (a: string, b: string) => number;
}

const units = [
  { unit: 'byte', bytes: 1, digits: 0 },
  { unit: 'kilobyte', bytes: 1e3, digits: 0 },
  { unit: 'megabyte', bytes: 1e6, digits: 1 },
  { unit: 'gigabyte', bytes: 1e9, digits: 2 },
] as const;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export function createFigures(language: string): Figures {
  const plain = new Intl.NumberFormat(language);
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' });
  const names = new Intl.DisplayNames(language, { type: 'language', fallback: 'code' });
  const conjunction = new Intl.ListFormat(language, { type: 'conjunction' });
  const unitOf = (bytes: number) => units.findLast((unit) => bytes >= unit.bytes) ?? units[0];
  const inUnit = (
    bytes: number,
    { unit, bytes: one, digits }: (typeof units)[number],
    style: 'unit' | 'decimal',
  ) =>
    new Intl.NumberFormat(language, {
      style,
      ...(style === 'unit' && {
        unit,
        unitDisplay: unit === 'byte' ? ('long' as const) : ('short' as const),
      }),
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(bytes / one);

  const distance = (ms: number): string => {
    const seconds = Math.round(ms / 1000);
    if (Math.abs(ms) < minuteMs) return relative.format(Math.abs(seconds) < 10 ? 0 : seconds, 'second');
    if (Math.abs(ms) < hourMs) return relative.format(Math.round(ms / minuteMs), 'minute');
    if (Math.abs(ms) < dayMs) return relative.format(Math.round(ms / hourMs), 'hour');
    return relative.format(Math.round(ms / dayMs), 'day');
  };
  const near = (instant: string, now: number): string => {
    const ms = Date.parse(instant) - now;
    return Math.abs(ms) < 7 * dayMs ? distance(ms) : day.format(new Date(instant));
  };
  return {
    number: (value) => plain.format(value),
    size: (bytes) => inUnit(bytes, unitOf(bytes), 'unit'),
    sizes: (part, whole) => {
      const unit = unitOf(whole);
      return { part: inUnit(part, unit, 'decimal'), whole: inUnit(whole, unit, 'unit') };
    },
    date: (instant) => day.format(new Date(instant)),
    moment: (instant) => moment.format(new Date(instant)),
    ago: (instant, now = Date.now()) => near(instant, now),
    ahead: (instant, now = Date.now()) => near(instant, now),
    languageName: (tag) => capitalised(names.of(tag.replace('_', '-')) ?? tag, language),
    list: (items) => conjunction.format(items),
    compare: new Intl.Collator(language, { sensitivity: 'base', numeric: true }).compare,
  };
}

function capitalised(text: string, language: string): string {
  const [first = '', ...rest] = text;
  return first.toLocaleUpperCase(language) + rest.join('');
}

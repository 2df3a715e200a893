import type { PluginPreference } from '@jami-plugin-store/contract';

/** One of the values a list offers, and what it is called. */
export interface PreferenceOption {
  readonly value: string;
  readonly label: string;
}

const split = (list: string | undefined): string[] =>
  list === undefined || list === '' ? [] : list.split(',');

/** What a `DropDown`, `List` or `MultiSelectList` offers: `entryValues` under the names of `entries`. */
export function optionsOf({ fields }: PluginPreference): PreferenceOption[] {
  const labels = split(fields.entries);
  const values = split(fields.entryValues);
  const offered = values.length > 0 ? values : labels;
  return offered.map((value, index) => ({ value, label: labels[index] ?? value }));
}

/** The chosen ones of a `MultiSelectList`. */
export function chosenOf(value: string): string[] {
  return split(value);
}

/** As the daemon takes them: comma-joined, in the order in which they are offered. */
export function joinChosen(options: readonly PreferenceOption[], chosen: readonly string[]): string {
  return options
    .map(({ value }) => value)
    .filter((value) => chosen.includes(value))
    .join(',');
}

export function isOn(value: string): boolean {
  return value === 'true' || value === '1';
}

/** On or off in the manner the plugin writes its own default. */
export function onOffValue({ defaultValue }: PluginPreference, on: boolean): string {
  const isNumeric = defaultValue === '1' || defaultValue === '0';
  if (isNumeric) return on ? '1' : '0';
  return on ? 'true' : 'false';
}

/** The bounds of a `SeekBar`; Jami's own where a plugin names none. */
export function boundsOf({ fields }: PluginPreference): { min: number; max: number; step: number } {
  const numberOr = (text: string | undefined, otherwise: number): number => {
    const number = text === undefined || text === '' ? Number.NaN : Number(text);
    return Number.isFinite(number) ? number : otherwise;
  };
  const step = numberOr(fields.increment, 1);
  return { min: numberOr(fields.min, 0), max: numberOr(fields.max, 100), step: step > 0 ? step : 1 };
}

import { describe, expect, it } from 'vitest';
import { createFigures } from './figures.js';

const plain = (text: string): string => text.replaceAll(/\s/gu, ' ');
const [en, fr] = [createFigures('en'), createFigures('fr')];
const now = Date.parse('2026-11-22T09:14:00Z');

describe('sizes', () => {
  it.each([
    [0, '0 bytes', '0 octet'],
    [999, '999 bytes', '999 octets'],
    [9_597, '10 kB', '10 ko'],
    [12_640_000, '12.6 MB', '12,6 Mo'],
    [3_500_000_000, '3.50 GB', '3,50 Go'],
  ])('%d', (bytes, english, french) => {
    expect(plain(en.size(bytes))).toBe(english);
    expect(plain(fr.size(bytes))).toBe(french);
  });

  it('are both told in the unit of the whole', () => {
    expect(en.sizes(12_400_000, 31_000_000)).toEqual({
      part: '12.4',
      whole: expect.stringMatching(/^31\.0.MB$/),
    });
    expect(en.sizes(0, 31_000_000).part).toBe('0.0');
    expect(en.sizes(0, 0)).toEqual({ part: '0', whole: expect.stringMatching(/^0.bytes$/) });
  });
});

describe('times', () => {
  it.each([
    ['2026-11-22T09:13:58Z', 'now', 'maintenant'],
    ['2026-11-22T09:13:30Z', '30 seconds ago', 'il y a 30 secondes'],
    ['2026-11-22T09:11:00Z', '3 minutes ago', 'il y a 3 minutes'],
    ['2026-11-22T04:14:00Z', '5 hours ago', 'il y a 5 heures'],
    ['2026-11-21T09:14:00Z', 'yesterday', 'hier'],
    ['2026-11-02T09:14:00Z', 'Nov 2, 2026', '2 nov. 2026'],
  ])('%s', (instant, english, french) => {
    expect(en.ago(instant, now)).toBe(english);
    expect(plain(fr.ago(instant, now))).toBe(french);
  });

  it('ahead', () => {
    expect(en.ahead('2026-11-22T12:14:00Z', now)).toBe('in 3 hours');
  });
});

describe('names', () => {
  it('of languages begin with a capital, and of unknown ones are what they are', () => {
    expect(fr.languageName('fr')).toBe('Français');
    expect(en.languageName('fr_CA')).toBe('Canadian French');
    expect(en.languageName('qaa')).toMatch(/qaa/i);
  });
});

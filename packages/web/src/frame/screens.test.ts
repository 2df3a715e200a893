import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, type Screen, screenOf } from './screens.js';

const word = fc.string({ minLength: 1, unit: 'grapheme' });

describe('the address of a screen', () => {
  it.each<[string, Screen]>([
    ['#/', { name: 'store' }],
    [
      '#/plugins/samples/GreenScreen',
      { name: 'plugin', store: 'samples', id: 'GreenScreen', part: undefined },
    ],
    ['#/plugins/-/A%20b/preferences', { name: 'plugin', store: '-', id: 'A b', part: 'preferences' }],
    ['#/how-it-works', { name: 'how', job: undefined }],
    ['#/how-it-works/0b5c', { name: 'how', job: '0b5c' }],
    ['#/activity/GreenScreen', { name: 'activity', plugin: 'GreenScreen' }],
  ])('%s', (address, screen) => {
    expect(screenOf(address)).toEqual(screen);
    expect(addressOf(screen)).toBe(address);
  });

  it('leads back to the same plugin, whatever it and its store are called', () => {
    fc.assert(
      fc.property(word, word, (store, id) => {
        const screen: Screen = { name: 'plugin', store, id, part: undefined };
        expect(screenOf(addressOf(screen))).toEqual(screen);
      }),
    );
  });

  it.each([
    '',
    '#',
    '#main',
    '#/plugins',
    '#/plugins/one',
    '#/plugins//x',
    '#/plugins/%/x',
    '#/nowhere/x',
    '#/%E0%A4%A',
  ])('shows the store for %j', (address) => {
    expect(screenOf(address)).toEqual({ name: 'store' });
  });

  it('shows some screen for whatever is typed in', () => {
    fc.assert(fc.property(fc.string(), (text) => screenOf(`#/${text}`).name.length > 0));
  });
});

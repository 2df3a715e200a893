import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const sources = fileURLToPath(new URL('../', import.meta.url));
const sheets = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.css'))
  .map((name) => ({
    name,
    text: readFileSync(join(sources, name), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, ''),
  }));

/** Properties that name a side of the screen; a page that may be mirrored names sides of the text instead. */
const physical =
  /(?:^|[\s;{])((?:margin|padding|border)-(?:left|right|top|bottom)(?:-\w+)*|(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))|text-align|float|clear|border-(?:top|bottom)-(?:left|right)-radius)\s*:\s*([^;}]+)/g;
/** Measured by script from the left edge, in either direction of writing. */
const exempt = new Set(['look/segments.module.css left']);

describe.each(sheets)('$name', ({ name, text }) => {
  it('names no side of the screen', () => {
    const found = [...text.matchAll(physical)]
      .filter(([, property, value = '']) => property !== 'text-align' || /left|right/.test(value))
      .map(([, property]) => `${name} ${property}`);
    expect(found.filter((each) => !exempt.has(each))).toEqual([]);
  });

  it('fetches nothing from elsewhere and puts nothing above the cascade', () => {
    expect(text).not.toMatch(/https?:|\/\/|!important|@import/);
  });

  it('takes its colours from the tokens', () => {
    if (name === 'look/tokens.css') return;
    // White thumbs, the shade behind a dialog and the edge of an icon are the same on every ground.
    const colours = text.match(/#[0-9a-f]{3,8}\b|\brgb\([^)]*\)|\bhsl\(/gi) ?? [];
    expect(
      colours.filter((colour) => !/^#fff$|^rgb\((?:0 0 0|10 11 14|255 255 255)|^hsl\($/.test(colour)),
    ).toEqual([]);
  });
});

describe('movement', () => {
  it('takes its time from the tokens, which are nothing where less movement is wanted', () => {
    const timed = sheets.flatMap(({ name, text }) =>
      [...text.matchAll(/(?:animation|transition)(?:-duration|-delay)?\s*:([^;}]+)/g)]
        .filter(([, value = '']) =>
          /\b\d*\.?\d+m?s\b/.test(value.replaceAll(/calc\((?:[^()]|\([^()]*\))*\)/g, '')),
        )
        .map(([rule]) => `${name}: ${rule}`),
    );
    expect(timed).toEqual([]);
    const reduced =
      sheets.find(({ name }) => name === 'look/tokens.css')?.text.split('prefers-reduced-motion')[1] ?? '';
    expect(reduced.match(/--m-\w+: 0m?s/g)).toHaveLength(6);
  });
});

import { readFile } from 'node:fs/promises';
import { networkErrorKinds } from '@jami-plugin-store/contract';
import { expect, test } from 'vitest';
import { networkKindOf } from '../error.js';
import { pluginMachine } from './plugin-machine.js';

const documentation = await readFile(new URL('../../../../docs/client.md', import.meta.url), 'utf8');

/** Every transition that leaves its state, as the document's diagram has it. */
function diagramLines(): string[] {
  const names: Record<string, string> = { '': 'always' };
  return Object.values(pluginMachine.states).flatMap((state) =>
    [...state.transitions, ['', state.always ?? []] as const].flatMap(([event, candidates]) =>
      candidates.flatMap(({ target }) => {
        const name =
          names[event] ??
          event.replace(/^xstate\.(done|error)\.actor\..*$/, (_, end) => (end === 'done' ? 'done' : 'error'));
        const to = target?.[0]?.key;
        return to === undefined ? [] : [`${state.key} --> ${to}: ${name}`];
      }),
    ),
  );
}

test('the document draws the machine as it is', () => {
  const drawn = [...documentation.matchAll(/^ {4}(\w+ --> \w+: \S+)$/gm)].map(([, line]) => line);
  expect([...new Set(drawn)].sort()).toEqual([...new Set(diagramLines())].sort());
});

test('the document lists every network code with its kind', () => {
  for (const kind of networkErrorKinds) {
    const codes = Object.entries(networkKindOf).flatMap(([code, of]) => (of === kind ? [`\`${code}\``] : []));
    expect(documentation.replaceAll(/ +/g, ' ')).toContain(`| \`${kind}\` | ${codes.join(', ')} |`);
  }
});

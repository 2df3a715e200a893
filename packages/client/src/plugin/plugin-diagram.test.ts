import { readFile } from 'node:fs/promises';
import { networkErrorKinds, networkErrorTable } from '@jami-plugin-store/contract';
import { expect, test } from 'vitest';
import { pluginMachine } from './plugin-machine.js';

const documentation = await readFile(new URL('../../../../docs/client.md', import.meta.url), 'utf8');

interface DrawnState {
  key: string;
  transitions: typeof pluginMachine.root.transitions;
  always?: typeof pluginMachine.root.always;
  states: Record<string, DrawnState>;
}

/** Every transition that leaves its state, as the document's diagram has it; those within a state included. */
function diagramLines(states: Record<string, DrawnState>): string[] {
  return Object.values(states).flatMap((state) => [
    ...[...state.transitions, ['always', state.always ?? []] as const].flatMap(([event, candidates]) =>
      candidates.flatMap(({ target }) => {
        const to = target?.[0]?.key;
        const name = event.replace(/^xstate\.(done|error)\.actor\..*$/, '$1');
        return to === undefined ? [] : [`${state.key} --> ${to}: ${name}`];
      }),
    ),
    ...diagramLines(state.states),
  ]);
}

test('the document draws the machine as it is', () => {
  const drawn = [...documentation.matchAll(/^ {4,8}(\w+ --> \w+: \S+)$/gm)].map(([, line]) => line);
  expect([...new Set(drawn)].sort()).toEqual([...new Set(diagramLines(pluginMachine.states))].sort());
});

test('the document lists every network code with its kind', () => {
  for (const kind of networkErrorKinds) {
    const codes = Object.entries(networkErrorTable).flatMap(([code, { network }]) =>
      network === kind ? [`\`${code}\``] : [],
    );
    expect(documentation.replaceAll(/ +/g, ' ')).toContain(`| \`${kind}\` | ${codes.join(', ')} |`);
  }
});

import { MachineView, pluginStates } from '@jami-plugin-store/contract';
import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { machineView } from './plugin-machine-view.js';

test('the drawing has the states that are seen, and only ways the machine goes', () => {
  const view = machineView();
  expect(Check(MachineView, view)).toBe(true);
  expect(view.states.map(({ name }) => name)).toEqual([...pluginStates]);
  const ways = view.transitions.map(({ from, to, event, by }) => `${from} ${event} ${to} ${by}`);
  expect(new Set(ways).size).toBe(ways.length);
  expect(ways).toEqual(
    expect.arrayContaining([
      'installable install downloading user',
      'downloading cancel installable user',
      'downloading cancel updatable user',
      'downloading download.broken waiting network',
      'waiting download.progress downloading network',
      'downloading download.done installing work',
      'installing install.done installed work',
      'installing install.failed failed work',
      'installed daemon.disabled disabled daemon',
      'disabled daemon.healed installed daemon',
      'installed store.offers updatable store',
      'updatable update downloading user',
      'restoring rollback.done updatable work',
      'failed retry downloading user',
    ]),
  );
  const reached = new Set(view.transitions.map(({ to }) => to));
  expect([...reached].sort()).toEqual([...pluginStates].sort());
  expect(ways.filter((way) => /settled|fetching|xstate/.test(way))).toEqual([]);
  expect(ways.filter((way) => /^installing cancel/.test(way))).toEqual([]);
});

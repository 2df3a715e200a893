import { PluginSnapshot, pluginStates } from '@jami-plugin-store/contract';
import { Check } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import type { SnapshotFrom } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { pluginMachine } from './plugin-machine.js';
import { events, type MachineEvent, start } from './plugin-machine-fixtures.js';
import { pluginStateOf, toPluginSnapshot } from './plugin-snapshot.js';

type Snapshot = SnapshotFrom<typeof pluginMachine>;

const serializeEvent = (event: MachineEvent): string =>
  JSON.stringify(event, (_, value) => (value instanceof Error ? value.name : value));

/** What decides how a machine goes on; figures of progress do not. */
function serializeState({ value, context }: Snapshot): string {
  const { offered, installed, target, consent, archive, arrived, failure, attempted } = context;
  const parts = [value, offered?.version, installed, target?.version, consent, archive !== undefined];
  return JSON.stringify([...parts, arrived, failure?.code, attempted]);
}
const options = { events, serializeState, serializeEvent, input: { id: 'Greeter' }, limit: 1_000_000 };

const map = getAdjacencyMap(pluginMachine, options) as unknown as Record<
  string,
  { state: Snapshot; transitions: Record<string, { event: MachineEvent; state: Snapshot }> }
>;
const steps = Object.values(map).flatMap(({ state, transitions }) =>
  Object.values(transitions).map(({ event, state: next }) => ({ from: state, event, to: next })),
);

describe('the walk through every transition', () => {
  test('sees every state, and every transition of the definition', () => {
    expect([...new Set(steps.map(({ to }) => pluginStateOf(to)))].sort()).toEqual([...pluginStates].sort());
    const taken = new Set(
      steps
        .filter(({ from, to }) => from !== to)
        .map(({ from, event, to }) => `${pluginStateOf(from)} ${event.type} ${pluginStateOf(to)}`),
    );
    expect(definedTransitions().filter((transition) => !covers(taken, transition))).toEqual([]);
    expect(Object.keys(map).length).toBeGreaterThan(300);
  });

  test('every snapshot fits the contract', () => {
    const unfit = Object.values(map)
      .map(({ state }) => JSON.parse(JSON.stringify(toPluginSnapshot(state))))
      .filter((snapshot) => !Check(PluginSnapshot, snapshot));
    expect(unfit).toEqual([]);
  });

  test('holds what must always hold', () => {
    const violations = steps.flatMap(({ from, event, to }) => {
      const { context } = to;
      const [before, after] = [pluginStateOf(from), pluginStateOf(to)];
      const isFetching = (state: string): boolean => state === 'downloading' || state === 'waiting';
      const laws = {
        'a failure stands in failed, and only there':
          (after === 'failed') === (context.failure !== undefined),
        'what is installed rests as such':
          !atRest.has(after) || (context.installed !== undefined) === (after !== 'installable'),
        'what is disabled rests as such':
          !atRest.has(after) || (context.installed?.disabled !== undefined) === (after === 'disabled'),
        'only what is older can be updated':
          after !== 'updatable' ||
          (context.installed?.version === '1.9.0' && context.offered?.version === '1.10.0'),
        'only an archive is installed': after !== 'installing' || context.archive !== undefined,
        'only a download can be canceled': event.type !== 'cancel' || isFetching(before) || to === from,
        'a download waits only in a break': after !== 'waiting' || context.download?.broken !== undefined,
        'who waits or downloads is in one and the same download':
          !isFetching(before) ||
          !isFetching(after) ||
          from.children.download === to.children.download ||
          to.children.download === undefined,
        "only the daemon's answer, or its loss, ends an installation":
          before !== 'installing' || after === 'installing' || event.type.endsWith('.actor.install'),
        "only the daemon's answer, or its loss, ends a way back":
          before !== 'restoring' || after === 'restoring' || event.type.endsWith('.actor.rollback'),
        'only what is kept can be gone back to':
          after !== 'restoring' ||
          before === 'restoring' ||
          from.context.installed?.previousVersion !== undefined,
        'the daemon is believed when it has removed':
          event.type !== 'daemon.removed' || context.installed === undefined,
        'the daemon is believed when it has installed':
          event.type !== 'daemon.installed' || context.installed?.version === event.release.version,
        'the daemon is believed when it has disabled':
          event.type !== 'daemon.disabled' ||
          context.installed === undefined ||
          context.installed.disabled !== undefined,
        'the daemon is believed when it has healed':
          event.type !== 'daemon.healed' || context.installed?.disabled === undefined,
      };
      return Object.entries(laws)
        .filter(([, holds]) => !holds)
        .map(([law]) => `${law}: ${before} --${serializeEvent(event)}--> ${after}`);
    });
    expect([...new Set(violations)]).toEqual([]);
  });

  test('the user can leave every failure and every resting state of what is installed', () => {
    for (const { state } of Object.values(map)) {
      const { actions } = toPluginSnapshot(state);
      if (pluginStateOf(state) === 'failed') expect(actions).toContain('dismiss');
      if (['installed', 'updatable', 'disabled'].includes(pluginStateOf(state)))
        expect(actions).toContain('uninstall');
    }
  });
});

describe('the machine at work', () => {
  const paths = getShortestPaths(pluginMachine, options);

  test('goes every shortest path as the definition says, with the ends of its work coming as they do', async () => {
    const names = paths.map(({ steps: path }) => path.map(({ event }) => serializeEvent(event)).join());
    const prefixes = new Set(
      paths.map(({ steps: path }) =>
        path
          .slice(0, -1)
          .map(({ event }) => serializeEvent(event))
          .join(),
      ),
    );
    // A path that is the beginning of another one is gone with that.
    const whole = paths.filter((_, index) => !prefixes.has(names[index] ?? ''));
    expect(whole.length).toBeGreaterThan(100);
    for (const { steps: path } of whole) {
      const { actor, settle } = start({});
      for (const [index, { event, state: expected }] of path.entries()) {
        if (index === 0) continue;
        const end = /^xstate\.(done|error)\.actor\.(\w+)$/.exec(event.type);
        if (end === null) actor.send(event);
        else await settle(end[2] ?? '', event);
        const told = path.slice(0, index + 1).map((step) => step.event.type);
        expect([told, serializeState(actor.getSnapshot())]).toEqual([
          told,
          serializeState(expected as Snapshot),
        ]);
      }
      actor.stop();
    }
  });
});

const atRest: ReadonlySet<string> = new Set(['installable', 'installed', 'updatable', 'disabled']);

type Transition = [from: string, event: string, to: string];

/** Each transition of the definition, from the states in which a plugin is seen. */
function definedTransitions(): Transition[] {
  const { settled: _, ...states } = pluginMachine.states;
  return Object.values(states).flatMap((state) => {
    const leaves = Object.values(state.states);
    const own = leaves.length === 0 ? [state] : leaves;
    return own.flatMap((leaf) => {
      const inherited = leaf === state ? [] : [...state.transitions];
      return [...leaf.transitions, ...inherited].flatMap(([event, candidates]) =>
        candidates.map(({ target }): Transition => [leaf.key, event, target?.[0]?.key ?? leaf.key]),
      );
    });
  });
}

function covers(taken: Set<string>, [from, event, to]: Transition): boolean {
  const targets = { settled: [...atRest], fetching: ['downloading'] }[to] ?? [to];
  // The definition names the ends of work by the path of the state, a running actor by its own id.
  const name = event.replace(/^xstate\.(done|error)\.actor\..*?([a-z]+)$/, 'xstate.$1.actor.$2');
  return targets.some((target) => taken.has(`${from} ${name} ${target}`));
}

import type { Way } from './machine-ways.js';

/** Column and row of a state in the drawing. */
export interface Place {
  readonly column: number;
  readonly row: number;
}

/**
 * Where each state stands: its column is how many ways it is from the first state; the longest of the shortest ways is the
 * first row. A state that only one other leads to and from stands under that one.
 */
export function placesOf(
  states: readonly string[],
  initial: string,
  ways: readonly Way[],
): Map<string, Place> {
  const { depths, parents } = distances(initial, ways);
  const deepest = Math.max(...depths.values());
  const columns = new Map(
    states.map((state) => [state, depths.get(hostOf(state, initial, ways) ?? state) ?? deepest] as const),
  );
  const end = states.find((state) => columns.get(state) === deepest && depths.get(state) === deepest);
  const spine = new Set<string>();
  for (let state = end; state !== undefined; state = parents.get(state)) spine.add(state);
  const filled = new Map<number, number>();
  const places = new Map<string, Place>();
  for (const state of states) {
    const column = columns.get(state) ?? deepest;
    if (spine.has(state)) {
      places.set(state, { column, row: 0 });
      continue;
    }
    const row = (filled.get(column) ?? 0) + 1;
    filled.set(column, row);
    places.set(state, { column, row });
  }
  return places;
}

/** The one state that a state hangs on: everything it is joined to, where that is one only. */
function hostOf(state: string, initial: string, ways: readonly Way[]): string | undefined {
  if (state === initial) return undefined;
  const neighbours = new Set(
    ways.flatMap(({ from, to }) => (from === state ? [to] : to === state ? [from] : [])),
  );
  const goesBack = ways.some(({ from }) => from === state) && ways.some(({ to }) => to === state);
  const [only] = neighbours;
  return neighbours.size === 1 && goesBack ? only : undefined;
}

function distances(initial: string, ways: readonly Way[]) {
  const depths = new Map([[initial, 0]]);
  const parents = new Map<string, string>();
  // A map's iterator also comes to what is added on the way: breadth first.
  for (const [state, depth] of depths) {
    for (const { from, to } of ways) {
      if (from !== state || depths.has(to)) continue;
      depths.set(to, depth + 1);
      parents.set(to, state);
    }
  }
  return { depths, parents };
}

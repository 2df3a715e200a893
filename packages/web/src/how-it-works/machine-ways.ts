import type { MachineView } from '@jami-plugin-store/contract';

type Transition = MachineView['transitions'][number];

/** One line of the drawing: every event that leads from one state to another. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly events: readonly string[];
}

/** Every way the machine has. */
export function allWays({ transitions }: MachineView): Way[] {
  return merged(transitions);
}

/**
 * The ways a plugin goes as a rule, for a drawing that can be read: each event once, from the first state that knows it, to
 * what it is for. News that something else has been at work (`daemon.…`) count only where no other event leads there or back.
 */
export function mainWays({ states, transitions }: MachineView): Way[] {
  const place = (name: string): number => states.findIndex((state) => state.name === name);
  const inOrder = [...transitions].sort((a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to));
  const isNews = ({ by }: Transition): boolean => by === 'daemon';
  const kept: Transition[] = [];
  for (const transition of inOrder.filter((each) => !isNews(each))) {
    const rivals = inOrder.filter((each) => each.from === transition.from && each.event === transition.event);
    if (aimOf(transition.event, rivals, place) !== transition.to) continue;
    if (kept.some((each) => each.event === transition.event && each.to === transition.to)) continue;
    kept.push(transition);
  }
  const unreached = states.filter(({ name, isInitial }) => !isInitial && !kept.some(({ to }) => to === name));
  for (const { name } of unreached) {
    // The event that is made for it: of those that lead there the one that leads to the fewest others.
    const reach = ({ event }: Transition): number =>
      new Set(inOrder.filter((each) => each.event === event).map(({ to }) => to)).size;
    const ways = inOrder.filter(({ to }) => to === name).sort((a, b) => reach(a) - reach(b));
    const [into] = ways;
    if (into !== undefined) kept.push(into);
    const back = inOrder.find((each) => isNews(each) && each.from === name && each.to === into?.from);
    if (back !== undefined) kept.push(back);
  }
  return merged(kept);
}

/** Of several outcomes of one event, the one it is named for: failing fails, everything else goes to the first. */
function aimOf(
  event: string,
  rivals: readonly Transition[],
  place: (name: string) => number,
): string | undefined {
  const targets = rivals.map(({ to }) => to);
  if (event.endsWith('.failed') && targets.includes('failed')) return 'failed';
  return targets.reduce<string | undefined>(
    (first, to) => (first === undefined || place(to) < place(first) ? to : first),
    undefined,
  );
}

function merged(transitions: readonly Transition[]): Way[] {
  const ways = new Map<string, { from: string; to: string; events: string[] }>();
  for (const { from, to, event } of transitions) {
    const key = JSON.stringify([from, to]);
    const way = ways.get(key) ?? { from, to, events: [] };
    if (!way.events.includes(event)) way.events.push(event);
    ways.set(key, way);
  }
  return [...ways.values()];
}

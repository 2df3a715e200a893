import { type NodeBox, nodeSize } from './machine-shapes.js';
import type { Way } from './machine-ways.js';

/** A line that does not lead straight to its neighbour: it leaves upwards or downwards, runs along a channel, and arrives. */
export interface Detour {
  readonly way: Way;
  readonly labelWidth: number;
  readonly source: NodeBox;
  readonly target: NodeBox;
  /** Channel `k` lies above row `k`. */
  readonly out: number;
  readonly in: number;
}
interface Port {
  readonly key: string;
  readonly towards: number;
}

export type PortX = (way: Way, end: 'source' | 'target') => number;

/** Through which channels a line goes: between neighbouring rows the one between them, along the first row the one above it. */
export function channelsOf(source: NodeBox, target: NodeBox): { out: number; in: number } {
  if (source.row === target.row) {
    const channel = source.row === 0 ? 0 : source.row + 1;
    return { out: channel, in: channel };
  }
  return source.row < target.row
    ? { out: source.row + 1, in: target.row }
    : { out: source.row, in: target.row + 1 };
}

const keyOf = ({ from, to }: Way): string => `${from} ${to}`;

/**
 * Where on its box each detour leaves and arrives: side by side, in the order in which they go apart, and beside the middle
 * where a straight line ends there.
 */
export function portsOf(
  detours: readonly Detour[],
  straights: readonly (readonly [NodeBox, NodeBox])[],
): PortX {
  const sides = new Map<string, { node: NodeBox; isAbove: boolean; ports: Port[] }>();
  const add = (node: NodeBox, isAbove: boolean, key: string, towards: number): void => {
    const side = `${node.state} ${isAbove}`;
    const known = sides.get(side) ?? { node, isAbove, ports: [] };
    known.ports.push({ key, towards });
    sides.set(side, known);
  };
  for (const { way, source, target, out, in: into } of detours) {
    add(source, out === source.row, `${keyOf(way)} source`, target.x);
    add(target, into === target.row, `${keyOf(way)} target`, source.x);
  }
  const places = new Map<string, number>();
  const spread = (ports: readonly Port[], from: number, width: number): void => {
    [...ports]
      .sort((a, b) => a.towards - b.towards)
      .forEach(({ key }, index) => {
        places.set(key, from + (width * (index + 1)) / (ports.length + 1));
      });
  };
  for (const { node, isAbove, ports } of sides.values()) {
    const hasMiddle = straights.some(
      ([a, b]) =>
        a.column === b.column &&
        [a, b].some((end) => end.state === node.state) &&
        [a, b].some((other) => other.column === node.column && other.row === node.row + (isAbove ? -1 : 1)),
    );
    if (!hasMiddle) {
      spread(ports, node.x, nodeSize.width);
      continue;
    }
    const third = nodeSize.width / 3;
    spread(
      ports.filter(({ towards }) => towards < node.x),
      node.x,
      third,
    );
    spread(
      ports.filter(({ towards }) => towards >= node.x),
      node.x + 2 * third,
      third,
    );
  }
  return (way, end) => places.get(`${keyOf(way)} ${end}`) ?? 0;
}

export interface Tracks {
  readonly counts: ReadonlyMap<number, number>;
  readonly trackOf: (way: Way, channel: number) => number;
}

/** Gives each run along a channel the nearest track in which it meets no other, short ones first. */
export function tracksOf(detours: readonly Detour[], portX: PortX, rows: number): Tracks {
  const chosen = new Map<string, number>();
  const counts = new Map<number, number>();
  for (let channel = 0; channel <= rows; channel += 1) {
    const runs = detours
      .filter(({ out, in: into }) => out === channel || into === channel)
      .map((detour) => ({ detour, ...extentOf(detour, portX) }))
      .sort((a, b) => a.end - a.start - (b.end - b.start));
    const taken: { start: number; end: number }[][] = [];
    for (const { detour, start, end } of runs) {
      const free = taken.findIndex((others) =>
        others.every((other) => other.end < start || end < other.start),
      );
      const track = free === -1 ? taken.length : free;
      taken[track] = [...(taken[track] ?? []), { start, end }];
      chosen.set(`${keyOf(detour.way)} ${channel}`, track);
    }
    counts.set(channel, taken.length);
  }
  return { counts, trackOf: (way, channel) => chosen.get(`${keyOf(way)} ${channel}`) ?? 0 };
}

/** From where to where a run takes its track: the line, and its label where that is wider. */
function extentOf({ way, labelWidth }: Detour, portX: PortX): { start: number; end: number } {
  const [a, b] = [portX(way, 'source'), portX(way, 'target')];
  const middle = (a + b) / 2;
  const half = Math.max(Math.abs(a - b), labelWidth) / 2 + 8;
  return { start: middle - half, end: middle + half };
}

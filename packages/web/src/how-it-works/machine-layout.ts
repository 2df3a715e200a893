import { channelsOf, type Detour, type PortX, portsOf, type Tracks, tracksOf } from './machine-detours.js';
import { placesOf } from './machine-places.js';
import {
  channelEdge,
  columnGap,
  type Layout,
  type Line,
  margin,
  type NodeBox,
  nodeSize,
  trackGap,
} from './machine-shapes.js';
import type { Way } from './machine-ways.js';

/** Of a label: how wide a letter is at most, and what stands around it. */
const letterPx = 6.6;
const labelPad = 10;

/**
 * Lays a machine out, in pixels: states in columns and rows, lines at right angles, each in a track of its own where it would
 * lie on another.
 * @param labelOf what stands on a line, for its width
 */
export function layOut(
  states: readonly string[],
  initial: string,
  ways: readonly Way[],
  labelOf: (way: Way) => string,
): Layout {
  const places = placesOf(states, initial, ways);
  const rows = 1 + Math.max(...[...places.values()].map(({ row }) => row));
  const columns = 1 + Math.max(...[...places.values()].map(({ column }) => column));
  const left = (column: number): number => margin + column * (nodeSize.width + columnGap);
  const flat: NodeBox[] = states.map((state) => {
    const place = places.get(state) ?? { column: 0, row: 0 };
    return { state, ...place, x: left(place.column), y: 0 };
  });
  const nodeOf = (state: string): NodeBox =>
    flat.find((node) => node.state === state) ?? (flat[0] as NodeBox);
  const detours: Detour[] = [];
  const straights: Way[] = [];
  for (const way of ways) {
    const [source, target] = [nodeOf(way.from), nodeOf(way.to)];
    if (isStraight(source, target)) straights.push(way);
    else
      detours.push({
        way,
        labelWidth: labelOf(way).length * letterPx + labelPad,
        source,
        target,
        ...channelsOf(source, target),
      });
  }
  const portX = portsOf(
    detours,
    straights.map(({ from, to }) => [nodeOf(from), nodeOf(to)] as const),
  );
  const tracks = tracksOf(detours, portX, rows);
  const heights = Array.from({ length: rows + 1 }, (_, channel) => {
    const count = tracks.counts.get(channel) ?? 0;
    const isOuter = channel === 0 || channel === rows;
    if (count === 0) return isOuter ? 8 : channelEdge * 2;
    return channelEdge * 2 + (count - 1) * trackGap;
  });
  const top = (row: number): number =>
    margin / 2 + heights.slice(0, row + 1).reduce((sum, height) => sum + height, 0) + row * nodeSize.height;
  const nodes = flat.map((node) => ({ ...node, y: top(node.row) }));
  const trackY = (channel: number, track: number): number =>
    channel === 0
      ? top(0) - channelEdge - track * trackGap
      : top(channel - 1) + nodeSize.height + channelEdge + track * trackGap;
  const at = (state: string): NodeBox => nodes.find((node) => node.state === state) ?? (nodes[0] as NodeBox);
  const gutters = new Map<number, number>();
  const lines = [
    ...straights.map((way) => straightLine(way, at(way.from), at(way.to), ways)),
    ...detours.map((detour) => detourLine(detour, { portX, tracks, trackY, at, left, gutters })),
  ];
  return {
    width: left(columns - 1) + nodeSize.width + margin,
    height: top(rows - 1) + nodeSize.height + (heights[rows] ?? 0) + margin / 2,
    nodes,
    lines,
  };
}

function isStraight(source: NodeBox, target: NodeBox): boolean {
  const [dx, dy] = [Math.abs(source.column - target.column), Math.abs(source.row - target.row)];
  return (dx === 1 && dy === 0) || (dx === 0 && dy === 1);
}

function straightLine(way: Way, source: NodeBox, target: NodeBox, ways: readonly Way[]): Line {
  const isTwofold = ways.some(({ from, to }) => from === way.to && to === way.from);
  const { width, height } = nodeSize;
  if (source.row === target.row) {
    const isForward = target.x > source.x;
    const y = source.y + height / 2 + (isTwofold ? (isForward ? -8 : 8) : 0);
    const from = { x: isForward ? source.x + width : source.x, y };
    const to = { x: isForward ? target.x : target.x + width, y };
    return {
      way,
      points: [from, to],
      label: { x: (from.x + to.x) / 2, y: isTwofold && !isForward ? y + 15 : y - 6, anchor: 'middle' },
    };
  }
  const isDown = target.y > source.y;
  const x = source.x + width / 2 + (isTwofold ? (isDown ? -12 : 12) : 0);
  const from = { x, y: isDown ? source.y + height : source.y };
  const to = { x, y: isDown ? target.y : target.y + height };
  const isLeft = isTwofold && isDown;
  return {
    way,
    points: [from, to],
    // Beside the lower end, where no line runs across.
    label: { x: x + (isLeft ? -7 : 7), y: Math.max(from.y, to.y) - 10, anchor: isLeft ? 'end' : 'start' },
  };
}

interface Ground {
  readonly portX: PortX;
  readonly tracks: Tracks;
  readonly trackY: (channel: number, track: number) => number;
  readonly at: (state: string) => NodeBox;
  readonly left: (column: number) => number;
  /** How many lines go through each gap between columns already. */
  readonly gutters: Map<number, number>;
}

function detourLine(detour: Detour, { portX, tracks, trackY, at, left, gutters }: Ground): Line {
  const { way, out, in: into } = detour;
  const [source, target] = [at(way.from), at(way.to)];
  const [startX, endX] = [portX(way, 'source'), portX(way, 'target')];
  const startY = out === source.row ? source.y : source.y + nodeSize.height;
  const endY = into === target.row ? target.y : target.y + nodeSize.height;
  const y = trackY(out, tracks.trackOf(way, out));
  if (out === into) {
    return {
      way,
      points: [
        { x: startX, y: startY },
        { x: startX, y },
        { x: endX, y },
        { x: endX, y: endY },
      ],
      label: { x: (startX + endX) / 2, y: y - 6, anchor: 'middle' },
    };
  }
  // Rows that are no neighbours: down (or up) between two columns.
  const gap = target.column >= source.column ? source.column : source.column - 1;
  const used = gutters.get(gap) ?? 0;
  gutters.set(gap, used + 1);
  const gutterX = left(gap) + nodeSize.width + 18 + used * 16;
  const lastY = trackY(into, tracks.trackOf(way, into));
  return {
    way,
    points: [
      { x: startX, y: startY },
      { x: startX, y },
      { x: gutterX, y },
      { x: gutterX, y: lastY },
      { x: endX, y: lastY },
      { x: endX, y: endY },
    ],
    label: { x: (gutterX + endX) / 2, y: lastY - 6, anchor: 'middle' },
  };
}

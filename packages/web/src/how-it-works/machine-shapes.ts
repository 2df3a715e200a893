import type { Place } from './machine-places.js';
import type { Way } from './machine-ways.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface NodeBox extends Place {
  readonly state: string;
  readonly x: number;
  readonly y: number;
}
export interface Line {
  readonly way: Way;
  readonly points: readonly Point[];
  readonly label: Point & { readonly anchor: 'middle' | 'start' | 'end' };
}
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly NodeBox[];
  readonly lines: readonly Line[];
}

export const nodeSize = { width: 124, height: 38 } as const;
export const columnGap = 104;
export const margin = 26;
export const trackGap = 21;
export const channelEdge = 26;

/** A path through points with round corners. */
export function roundedPath(points: readonly Point[], radius = 10): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${round(first.x)} ${round(first.y)}`;
  rest.forEach((point, index) => {
    const before = points[index] ?? point;
    const after = rest[index + 1];
    if (after === undefined) {
      path += `L${round(point.x)} ${round(point.y)}`;
      return;
    }
    const reach = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2);
    const [from, to] = [towards(point, before, reach), towards(point, after, reach)];
    path += `L${round(from.x)} ${round(from.y)}Q${round(point.x)} ${round(point.y)} ${round(to.x)} ${round(to.y)}`;
  });
  return path;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * length) / whole, y: from.y + ((to.y - from.y) * length) / whole };
}

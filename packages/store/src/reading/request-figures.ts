/** Upper bounds, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const durationName = 'jpl_store_http_request_duration_seconds';
const bytesName = 'jpl_store_http_response_bytes_total';

/** Requests of one method, route and status. */
export interface Series {
  readonly labels: string;
  readonly route: string;
  /** Requests that took at most as long as each bound and longer than the one before; the last: longer than all. */
  readonly counts: number[];
  seconds: number;
  bytes: number;
}

/**
 * Requests counted by route template, method and status, in Prometheus' text form. By hand, because it is done for every request: the
 * library's histogram costs as much as a whole prepared answer.
 */
export class RequestFigures {
  readonly #series = new Map<string, Series>();

  series(method: string, route: string, status: number): Series {
    const key = `${method} ${status} ${route}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const labels = `method="${method}",route="${route}",status="${status}"`;
      series = { labels, route, counts: new Array(bounds.length + 1).fill(0), seconds: 0, bytes: 0 };
      this.#series.set(key, series);
    }
    return series;
  }

  text(): string {
    const lines = [
      `# HELP ${durationName} Requests by route template, method and status, from their header to the end of their answer`,
      `# TYPE ${durationName} histogram`,
    ];
    const sent = new Map<string, number>();
    for (const { labels, route, counts, seconds, bytes } of this.#series.values()) {
      let sum = 0;
      for (const [index, count] of counts.entries()) {
        sum += count;
        lines.push(`${durationName}_bucket{le="${bounds[index] ?? '+Inf'}",${labels}} ${sum}`);
      }
      lines.push(`${durationName}_sum{${labels}} ${seconds}`, `${durationName}_count{${labels}} ${sum}`);
      sent.set(route, (sent.get(route) ?? 0) + bytes);
    }
    lines.push(
      `# HELP ${bytesName} Bytes of answers, as announced, by route template`,
      `# TYPE ${bytesName} counter`,
    );
    for (const [route, bytes] of sent) lines.push(`${bytesName}{route="${route}"} ${bytes}`);
    return `${lines.join('\n')}\n`;
  }
}

/** @param bytes  of the answer's body, as announced; not finite where nothing was */
export function countRequest(series: Series, seconds: number, bytes: number): void {
  let bucket = 0;
  while (seconds > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
  series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
  series.seconds += seconds;
  if (Number.isFinite(bytes)) series.bytes += bytes;
}

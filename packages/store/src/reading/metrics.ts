import { monitorEventLoopDelay } from 'node:perf_hooks';
import { catalogPaths } from '@jami-plugin-store/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { lastChange } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import type { LaneAnswer } from '../serving/prepared-lane.js';
import type { ReadingRoute } from './reading-route.js';
import { countRequest, RequestFigures, type Series } from './request-figures.js';

export interface MetricsOptions {
  readonly database: StoreDatabase;
  /** Who may read them; default: only who asks from this machine, and not through a proxy. */
  readonly readers?: 'loopback' | 'anyone' | undefined;
}

export interface Metrics extends Disposable {
  readonly route: ReadingRoute;
  /** Counts the requests of an application from now on. */
  observe(app: FastifyInstance): void;
  /** Counts a request that was answered ahead of the application. */
  answeredAhead(answer: LaneAnswer, seconds: number): void;
  /** A package was judged. @param seconds  from its last byte to the verdict */
  judged(outcome: 'accepted' | 'refused', seconds: number): void;
}

const secondsOfJudging = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** How long the database may take before a reading counts it as gone. Milliseconds. */
const databaseMs = 2_000;
const nanoseconds = 1e9;

/** Figures of this process in Prometheus' text form. Routes are named by their templates: no ids, no addresses, no end of series. */
export function createMetrics({ database, readers = 'loopback' }: MetricsOptions): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const requests = new RequestFigures();
  const seriesOf = new WeakMap<LaneAnswer, Series>();
  const downloads = new Counter({
    name: 'jpl_store_downloads_total',
    help: 'Answers with a package, or a part of one',
    labelNames: ['part'] as const,
    registers,
  });
  const uploads = new Counter({
    name: 'jpl_store_uploads_total',
    help: 'Packages handed in, or parts of them, by what became of the request',
    labelNames: ['outcome'] as const,
    registers,
  });
  const judging = new Histogram({
    name: 'jpl_store_judging_duration_seconds',
    help: 'How long judging a package took',
    labelNames: ['outcome'] as const,
    buckets: secondsOfJudging,
    registers,
  });
  addProcessFigures(registers);
  const readDatabase = addDatabaseFigures(registers, database);
  const lag = addEventLoopFigures(registers);

  const count = (request: FastifyRequest, status: number, bytes: number, seconds: number): void => {
    const route = request.routeOptions.url ?? 'none';
    countRequest(requests.series(request.method, route, status), seconds, bytes);
    const isDownload = route === '/download/:arch/:id' || route === '/blobs/sha256/:digest';
    if (isDownload && request.method === 'GET' && (status === 200 || status === 206))
      downloads.inc({ part: status === 200 ? 'whole' : 'range' });
    const isUpload = route === '/v1/packages' || (route === '/v1/uploads/:id' && request.method === 'PATCH');
    if (isUpload) uploads.inc({ outcome: status < 400 ? 'taken' : status < 500 ? 'refused' : 'failed' });
  };

  return {
    observe(app) {
      app.addHook('onResponse', (request, reply, done) => {
        count(request, reply.statusCode, Number(reply.getHeader('content-length')), reply.elapsedTime / 1000);
        done();
      });
    },
    answeredAhead: (answer, seconds) => {
      let series = seriesOf.get(answer);
      if (series === undefined) {
        series = requests.series('GET', answer.route, answer.status);
        seriesOf.set(answer, series);
      }
      countRequest(series, seconds, answer.bytes);
    },
    judged: (outcome, seconds) => judging.observe({ outcome }, seconds),
    route: {
      path: catalogPaths.metrics,
      operation: {
        summary:
          'Figures of this process for Prometheus; only for who asks from its own machine, unless configured',
        tag: 'service',
        answer: { mediaType: 'text/plain' },
        refusals: ['ROUTE_NOT_FOUND'],
      },
      async handle(request, reply) {
        if (readers === 'loopback' && !isLocal(request))
          throw new StoreError('ROUTE_NOT_FOUND', 'There is nothing at this address.');
        await readDatabase();
        const text = `${await registry.metrics()}${requests.text()}`;
        return reply.header('cache-control', 'no-store').type(registry.contentType).send(text);
      },
    },
    [Symbol.dispose]() {
      lag.disable();
      registry.clear();
    },
  };
}

const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** Fields that proxies add: what comes through one on this machine comes from anywhere. */
const proxyFields = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip', 'x-forwarded-host'];

function isLocal({ raw }: FastifyRequest): boolean {
  const isHere = loopback.test(raw.socket.remoteAddress ?? '');
  return isHere && proxyFields.every((field) => raw.headers[field] === undefined);
}

function addProcessFigures(registers: Registry[]): void {
  const started = Math.round(Date.now() / 1000 - process.uptime());
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start of the process, in seconds since 1970',
    registers,
  }).set(started);
  new Gauge({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the process',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
}

/** @returns what reads them anew */
function addDatabaseFigures(registers: Registry[], database: StoreDatabase): () => Promise<void> {
  const isUp = new Gauge({
    name: 'jpl_store_database_up',
    help: '1: the database answers',
    labelNames: ['kind'] as const,
    registers,
  });
  const change = new Gauge({
    name: 'jpl_store_database_change',
    help: 'Number of the last change of what the store offers: the same in all its processes',
    registers,
  });
  const answer = new Gauge({
    name: 'jpl_store_database_answer_seconds',
    help: 'How long the database took to answer',
    registers,
  });
  return async () => {
    const begun = performance.now();
    const last = await within(databaseMs, lastChange(database.queries));
    answer.set((performance.now() - begun) / 1000);
    isUp.set({ kind: database.kind }, last === undefined ? 0 : 1);
    if (last !== undefined) change.set(last);
  };
}

/** undefined = it failed, or took too long. */
async function within(ms: number, work: Promise<number>): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work.catch(() => undefined), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function addEventLoopFigures(registers: Registry[]): { disable(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  new Gauge({
    name: 'jpl_store_event_loop_lag_seconds',
    help: 'How late the event loop was since the figures were last read',
    labelNames: ['quantile'] as const,
    registers,
    collect() {
      this.set({ quantile: '0.5' }, delay.percentile(50) / nanoseconds);
      this.set({ quantile: '0.99' }, delay.percentile(99) / nanoseconds);
      this.set({ quantile: '1' }, delay.max / nanoseconds);
      delay.reset();
    },
  });
  return delay;
}

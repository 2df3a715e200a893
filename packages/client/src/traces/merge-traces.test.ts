import { InstallTrace, type TraceMessage } from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { mergeTraces } from './merge-traces.js';

const message = (
  kind: TraceMessage['kind'],
  atMs: number,
  more: Partial<TraceMessage> = {},
): TraceMessage => ({
  kind,
  from: 'client',
  to: 'daemon',
  atMs,
  outcome: 'ok',
  facts: [],
  ...more,
});
const trace = (startedAt: string, messages: TraceMessage[]): InstallTrace => ({
  job: 'job-1',
  plugin: null,
  version: null,
  startedAt,
  messages,
  endedAt: startedAt,
});
const facts = [{ name: 'path', value: '/cache/x.jpl' }];
const own = trace('2026-06-01T00:00:00.000Z', [
  message('details-request', 1),
  message('download-answer', 20),
  message('install-request', 40, { raw: 'POST /v1/plugins HTTP/1.1' }),
  message('install-answer', 90),
]);
const daemons = {
  ...trace('2026-06-01T00:00:00.039Z', [
    message('install-request', 0, { facts }),
    message('archive-read', 5, { untilMs: 9 }),
    message('verdict', 48),
    message('switched', 52),
    message('install-answer', 53),
  ]),
  plugin: 'Greeter',
  version: '1.0.0',
};

test('what the daemon did stands between the question and the answer, in the client’s time', () => {
  const merged = mergeTraces(own, daemons);
  expect(merged.messages.map(({ kind, atMs }) => [kind, atMs])).toEqual([
    ['details-request', 1],
    ['download-answer', 20],
    ['install-request', 40],
    ['archive-read', 44],
    ['verdict', 87],
    ['switched', 90],
    ['install-answer', 90],
  ]);
  expect(merged.messages[2]).toMatchObject({ raw: 'POST /v1/plugins HTTP/1.1', facts });
  expect(merged.messages[3]?.untilMs).toBe(48);
  expect([merged.plugin, merged.version]).toEqual(['Greeter', '1.0.0']);
  expect(Check(InstallTrace, merged)).toBe(true);
});

test('an answer that got lost is told by the daemon', () => {
  const lost = { ...own, messages: own.messages.slice(0, 3), endedAt: own.startedAt };
  expect(mergeTraces(lost, daemons).messages.at(-1)?.kind).toBe('install-answer');
});

test('whatever the clocks say, the order is right and nothing is lost or told twice', () => {
  const property = fc.property(fc.integer({ min: -5_000, max: 5_000 }), (skewMs) => {
    const startedAt = new Date(Date.parse(own.startedAt) + skewMs).toISOString();
    const kinds = mergeTraces(own, { ...daemons, startedAt }).messages.map(({ kind }) => kind);
    expect(kinds).toEqual([
      'details-request',
      'download-answer',
      'install-request',
      'archive-read',
      'verdict',
      'switched',
      'install-answer',
    ]);
  });
  fc.assert(property, { numRuns: 100 });
});

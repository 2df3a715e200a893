import { InstallTrace, type InstallTraceHead, type TraceMessage } from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { createTraceRecorder, type Told } from './trace-recorder.js';

function recorder() {
  let nowMs = 1_000;
  const events: [InstallTraceHead, TraceMessage][] = [];
  const trace = createTraceRecorder({
    job: 'job',
    clock: () => new Date('2026-06-01T00:00:00Z'),
    stopwatch: () => nowMs,
    onMessage: (head, message) => events.push([head, message]),
  });
  const wait = (ms: number): void => {
    nowMs += ms;
  };
  return { trace, events, wait };
}

const step: Told = { kind: 'ocsp-answer', from: 'responder', to: 'daemon', outcome: 'ok' };
const last: Told = { kind: 'install-answer', from: 'daemon', to: 'client', outcome: 'ok' };

describe('a trace', () => {
  it('has its messages in order of time, what took a while from when it began', () => {
    const { trace, wait } = recorder();
    trace.tell(step);
    wait(10);
    const beganMs = trace.elapsedMs();
    wait(5);
    trace.tell({ ...step, kind: 'ocsp-failed' });
    wait(5);
    trace.tell({ ...step, kind: 'signatures-verified', beganMs });
    expect(trace.read().messages).toMatchObject([
      { kind: 'ocsp-answer', atMs: 0 },
      { kind: 'signatures-verified', atMs: 10, untilMs: 20 },
      { kind: 'ocsp-failed', atMs: 15 },
    ]);
  });

  it('is of the contract’s form and bounded, whatever servers and packages say', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.nat(20_000).map((length) => 'x'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 12 }), (told) => {
        const { trace } = recorder();
        for (const [name, value, raw] of told)
          trace.tell({ ...step, facts: Array.from({ length: 70 }, () => [name, value]), raw });
        trace.end(null, last);
        const read = trace.read();
        expect(Check(InstallTrace, read)).toBe(true);
        // Only a line break is left of what a screen would not show.
        for (const { raw = '', facts } of read.messages) {
          expect(raw).not.toMatch(/[^\P{C}\n]/u);
          for (const { value } of facts) expect(value).not.toMatch(/\p{C}/u);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('ends with its verdict and its answer, however much came before', () => {
    const { trace } = recorder();
    const raw = 'y'.repeat(9_000);
    for (let number = 0; number < 2_000; number += 1) trace.tell({ ...step, raw, facts: [['n', number]] });
    trace.tell({ ...last, kind: 'verdict' });
    trace.end('OCSP_TIMEOUT', last);
    const { messages, code } = trace.read();
    expect(messages.length).toBeLessThanOrEqual(512);
    expect(messages.slice(-2).map(({ kind }) => kind)).toEqual(['verdict', 'install-answer']);
    expect(code).toBe('OCSP_TIMEOUT');
    expect(JSON.stringify(messages).length).toBeLessThan(700 * 1_024);
    expect(messages.filter((message) => message.raw !== undefined).length).toBeGreaterThan(32);
  });
});

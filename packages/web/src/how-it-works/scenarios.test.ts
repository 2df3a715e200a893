import { describe, expect, it } from 'vitest';
import { readRecording, scenarioOf, scenarioOfTrace, scenarios } from './scenarios.js';

describe.each(scenarios)('the recording of "%s"', (scenario) => {
  it('shows what it is called, from the first question to the answer', async () => {
    const trace = await readRecording(scenario);
    expect(scenarioOfTrace(trace)).toBe(scenario);
    const kinds = trace.messages.map(({ kind }) => kind);
    expect([kinds[0], kinds.at(-1)]).toEqual(['details-request', 'install-answer']);
    expect(kinds).toEqual(expect.arrayContaining(['ocsp-request', 'ocsp-answer', 'verdict']));
    const times = trace.messages.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('says what was really sent, and nothing of the machine it was recorded on', async () => {
    const trace = await readRecording(scenario);
    const wires = trace.messages.filter(({ from, to }) => from !== to);
    expect(wires.filter(({ raw }) => raw === undefined || raw === '')).toEqual([]);
    expect(JSON.stringify(trace)).not.toMatch(/\/tmp\/|\/root\/|\/work\//);
  });
});

it.each([
  [{ code: null, downloadBroke: false }, 'normal'],
  [{ code: null, downloadBroke: true }, 'offline'],
  [{ code: 'SIGNATURE_INVALID', downloadBroke: false }, 'tampered'],
  [{ code: 'CERTIFICATE_REVOKED', downloadBroke: false }, 'revoked'],
  [{ downloadBroke: false }, undefined],
])('of a list %j is "%s"', (row, scenario) => {
  expect(scenarioOf(row)).toBe(scenario);
});

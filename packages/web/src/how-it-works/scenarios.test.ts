import { describe, expect, it } from 'vitest';
import { readRecording, scenarioOf, scenarios } from './scenarios.js';

describe.each(scenarios)('the recording of "%s"', (scenario) => {
  it('shows what it is called, from the first question to the answer', async () => {
    const trace = await readRecording(scenario);
    expect(scenarioOf(trace, trace.messages)).toBe(scenario);
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

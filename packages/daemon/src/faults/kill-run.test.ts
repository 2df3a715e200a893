import { expect, it } from 'vitest';
import { runKills } from './kill-run.js';

it('a daemon killed in the middle of its work loses and mixes nothing', async () => {
  const faults: object[] = [];
  const report = await runKills({ kills: 6, ahead: 1, onFault: (fault) => faults.push(fault) });
  expect(faults).toEqual([]);
  expect(report).toMatchObject({ kills: 6, mixed: 0, lost: 0 });
  expect(report.old + report.new).toBe(6);
}, 120_000);

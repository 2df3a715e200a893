import { expect, it } from 'vitest';
import { runKills } from './kill-run.js';

it('a daemon killed in the middle of updates loses and mixes nothing', async () => {
  const report = await runKills({ kills: 5 });
  expect(report).toMatchObject({ kills: 5, mixed: 0, lost: 0 });
  expect(report.old + report.new).toBe(5);
}, 120_000);

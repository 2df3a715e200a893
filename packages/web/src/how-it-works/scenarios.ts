import type { InstallTrace } from '@jami-plugin-store/contract';
import { failureGroupOf } from '../failure/failure-groups.js';

/** What can go on during an install: all well, a changed file, a revoked certificate, a network that goes and comes. */
export const scenarios = ['normal', 'tampered', 'revoked', 'offline'] as const;
export type Scenario = (typeof scenarios)[number];

/** The samples that are bad on purpose, by the id they have in the sample store. */
export const sampleOf: Readonly<Partial<Record<Scenario, string>>> = {
  tampered: 'TamperedSample',
  revoked: 'RevokedSample',
};

/** Recorded beforehand by `scripts/record-traces.mjs` from real installs; each comes when it is wanted. */
const recordings: Readonly<Record<Scenario, () => Promise<{ default: unknown }>>> = {
  normal: () => import('./recorded/normal.json'),
  tampered: () => import('./recorded/tampered.json'),
  revoked: () => import('./recorded/revoked.json'),
  offline: () => import('./recorded/offline.json'),
};

export async function readRecording(scenario: Scenario): Promise<InstallTrace> {
  return (await recordings[scenario]()).default as InstallTrace;
}

/** As much of a row of `TraceList` as tells. */
interface Outcome {
  readonly code?: string | null | undefined;
  readonly downloadBroke: boolean;
}

/** The same of one that is here whole. */
export function scenarioOfTrace({ code, messages }: InstallTrace): Scenario | undefined {
  return scenarioOf({ code, downloadBroke: messages.some(({ kind }) => kind === 'download-broken') });
}

/** Which scenario a trace of this machine shows. */
export function scenarioOf({ code, downloadBroke }: Outcome): Scenario | undefined {
  if (downloadBroke) return 'offline';
  if (code === null) return 'normal';
  if (code === undefined) return undefined;
  const group = failureGroupOf(code);
  if (group === 'changed') return 'tampered';
  return group === 'revoked' ? 'revoked' : undefined;
}

import type { InstallTrace, PluginView } from '@jami-plugin-store/contract';

/**
 * What a user can send to a publisher or a store: what was refused and why, and nothing of the computer or its user but its
 * platform. In English, whatever the page speaks: it is for whoever mends it.
 */
export function failureReport(view: PluginView, platform: string, trace: InstallTrace | undefined): string {
  const { snapshot, installed, publisher } = view;
  const { failure } = snapshot;
  const reason = failure ?? installed?.disabled;
  const rows: [string, string | number | undefined][] = [
    ['plugin', snapshot.id],
    ['version', snapshot.target?.version ?? snapshot.offered?.version],
    ['sha256', snapshot.target?.sha256 ?? snapshot.offered?.sha256],
    ['installed', snapshot.installed?.version ?? installed?.version ?? undefined],
    ['publisher', publisher],
    ['platform', platform],
    ['code', reason?.code],
    ['message', reason?.message],
    ['said by', failure?.source],
    ['result code', failure?.resultCode],
    ['entry', reason?.entry],
    ['certificate', reason?.certificate],
    ['at', trace?.startedAt],
  ];
  const facts = rows.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}`);
  const steps = (trace?.messages ?? []).map(({ kind, outcome, atMs, code }) =>
    [`${Math.round(atMs)} ms`, kind, outcome, code].filter(Boolean).join('  '),
  );
  return [...facts, ...(steps.length > 0 ? ['', ...steps] : [])].join('\n');
}

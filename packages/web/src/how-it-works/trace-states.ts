import type { InstallTrace, PluginState, TraceMessage } from '@jami-plugin-store/contract';

/** Where the plugin stands after a message, as the client's machine goes. */
function stateAfter(message: TraceMessage, before: PluginState): PluginState {
  switch (message.kind) {
    case 'details-request':
    case 'details-answer':
      return before;
    case 'download-request':
      return 'downloading';
    case 'download-answer':
      return message.outcome === 'refused' ? 'failed' : 'downloading';
    case 'download-broken':
      return 'waiting';
    case 'install-answer':
      return message.outcome === 'ok' ? 'installed' : 'failed';
    default:
      return 'installing';
  }
}

/** The states a plugin went through up to a message, the last one being where it stands. */
export function statesUpTo({ messages }: InstallTrace, index: number): PluginState[] {
  const states: PluginState[] = ['installable'];
  for (const message of messages.slice(0, index + 1)) {
    const last = states.at(-1) ?? 'installable';
    const next = stateAfter(message, last);
    if (next !== last) states.push(next);
  }
  return states;
}

/** How far the files are when a message is told: between the beginning and the end of their verification, by time. */
export function filesAt({ messages }: InstallTrace, index: number): { done: number; of: number } | undefined {
  const message = messages[index];
  const verified = messages.find(({ kind }) => kind === 'signatures-verified');
  if (message === undefined || verified === undefined) return undefined;
  const of = verified.of ?? archiveFiles(messages);
  if (of === undefined) return undefined;
  const end = verified.untilMs ?? verified.atMs;
  const length = Math.max(1, end - verified.atMs);
  const share = Math.min(1, Math.max(0, (message.atMs - verified.atMs) / length));
  const last = verified.done ?? of;
  if (message === verified || message.atMs >= end) return { done: last, of };
  return message.atMs < verified.atMs ? undefined : { done: Math.round(share * last), of };
}

function archiveFiles(messages: readonly TraceMessage[]): number | undefined {
  const facts = messages.find(({ kind }) => kind === 'archive-read')?.facts ?? [];
  const files = facts.find(({ name }) => name === 'files')?.value;
  return files === undefined ? undefined : Number(files);
}

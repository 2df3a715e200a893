import type { PublisherSummary } from '@jami-plugin-store/contract';
import { confirm } from './confirm.js';
import type { Io } from './io.js';
import { printable } from './printable.js';
import type { Refusal } from './refusal.js';

type Change = Partial<Pick<Refusal, 'code' | 'publisher' | 'installedPublisher'>>;

/** What `acceptPublisher` takes: the organization, or the plugin's key where a root signs plugins directly. */
function identityOf({ organization, pluginKey }: PublisherSummary): string {
  return organization ?? pluginKey;
}

/**
 * Asks the person at the terminal whether a plugin may come from a new publisher (docs/trust.md, "What an update may be").
 * @returns the publisher that was accepted; undefined: nothing of the kind was refused, or it is a no
 */
export async function acceptsPublisher(
  io: Io,
  id: string,
  change: Change | undefined,
): Promise<string | undefined> {
  const { code, publisher, installedPublisher } = change ?? {};
  if (code !== 'PUBLISHER_CHANGED' || publisher === undefined) return undefined;
  const before = installedPublisher?.name ?? 'somebody else';
  const question = `${id} was published by ${before} until now, and is by ${publisher.name} (${identityOf(publisher)}). Do you accept that?`;
  return (await confirm(io, printable(question))) ? identityOf(publisher) : undefined;
}

/** The lines that say how a new publisher is accepted. */
export function describePublishers(command: string, { code, publisher, installedPublisher }: Change): string {
  if (code !== 'PUBLISHER_CHANGED' || publisher === undefined) return '';
  const lines = [
    `published by: ${publisher.name}`,
    `installed: by ${installedPublisher?.name ?? '?'}`,
    `to accept the new publisher: ${command} --accept-publisher ${identityOf(publisher)}`,
  ];
  return `${lines.map((line) => `  ${printable(line)}`).join('\n')}\n`;
}

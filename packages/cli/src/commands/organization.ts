import { OrganizationList, OrganizationRecord, publishingPaths } from '@jami-plugin-store/contract';
import { type Io, printJson } from '../io.js';
import { readInput } from '../options.js';
import { printable } from '../printable.js';
import { reachStore, type StoreChoice } from '../publishing/store-connection.js';

export interface OrganizationOptions extends StoreChoice {
  readonly json?: boolean | undefined;
}

/** `jpl organization list`: who is known to the store. */
export async function organizationList(io: Io, options: OrganizationOptions): Promise<number> {
  await using store = await reachStore(io, options);
  const all: OrganizationRecord[] = [];
  for (let after = ''; ; ) {
    const path = `${publishingPaths.organizations}?limit=200${after}`;
    const page = await store.ask(OrganizationList, 'GET', path);
    all.push(...page.organizations);
    if (page.next === undefined) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  if (options.json) printJson(io, all);
  else for (const organization of all) io.stdout(describe(organization));
  return 0;
}

function describe({ id, name, trusted, contact, plugins, certificates }: OrganizationRecord): string {
  const lines = [`${name}${trusted ? ', publishes without review' : ''}`, `  ${id}`, `  plugins: ${plugins}`];
  if (contact !== undefined) lines.push(`  contact: ${contact}`);
  const [newest] = certificates;
  if (newest !== undefined) lines.push(`  certificate ${newest.serialNumber} until ${newest.notAfter}`);
  return `${lines.map(printable).join('\n')}\n`;
}

/** `jpl organization add FILE`: makes an organization known by its certificate. */
export async function organizationAdd(
  io: Io,
  file: string,
  options: OrganizationOptions & { readonly contact?: string | undefined },
): Promise<number> {
  const chainPem = (await readInput(io, file)).toString('utf8');
  await using store = await reachStore(io, options);
  const { contact } = options;
  const body = { chainPem, ...(contact === undefined ? {} : { contact }) };
  const organization = await store.ask(OrganizationRecord, 'POST', publishingPaths.organizations, body);
  if (options.json) printJson(io, organization);
  else io.stdout(describe(organization));
  return 0;
}

/** `jpl organization trust ID --reason TEXT`: it publishes without review; `--undo` ends that. */
export async function organizationTrust(
  io: Io,
  id: string,
  options: OrganizationOptions & { readonly reason: string; readonly undo?: boolean | undefined },
): Promise<number> {
  await using store = await reachStore(io, options);
  const body = { trusted: options.undo !== true, reason: options.reason };
  const organization = await store.ask(
    OrganizationRecord,
    'PUT',
    publishingPaths.organizationTrust(id),
    body,
  );
  if (options.json) printJson(io, organization);
  else io.stdout(describe(organization));
  return 0;
}

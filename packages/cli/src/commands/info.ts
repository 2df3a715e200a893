import { type Io, printJson } from '../io.js';
import { printable, printableLines } from '../printable.js';
import { askStore, type StoreQuestion } from '../store-access.js';

export interface InfoOptions extends StoreQuestion {
  readonly json?: boolean | undefined;
}

/** `jpl info ID`: what the store says of one plugin, and its versions. */
export async function info(io: Io, id: string, options: InfoOptions): Promise<number> {
  const { details, versions } = await askStore(io, options, async (store) => {
    const request = { signal: io.signal };
    const [details, versions] = await Promise.all([store.details(id, request), store.versions(id, request)]);
    return { details, versions };
  });
  if (options.json) {
    printJson(io, {
      ...details,
      versions: versions.map(({ version, timestamp }) => ({ version, timestamp })),
    });
    return 0;
  }
  const { name, version, author, description } = details;
  io.stdout(`${printable(`${details.id} (${name})  ${version}  by ${author}`)}\n\n`);
  io.stdout(`${printableLines(description, '  ')}\n\n`);
  for (const { version, timestamp } of versions) io.stdout(`  ${printable(`${version}  ${timestamp}`)}\n`);
  return 0;
}

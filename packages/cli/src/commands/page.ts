import { resolve } from 'node:path';
import { readApplicationIdentity } from '../application-identity.js';
import { dataDirOf } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { defaultCacheDir } from '../options.js';
import { onEnter } from '../page/ask-for-address.js';
import { hasDesktop, openBrowser } from '../page/open-browser.js';
import { openPage } from '../page/open-page.js';
import { announce, untilStopped } from '../serving.js';
import { UsageError } from '../usage-error.js';

export interface PageOptions {
  readonly dataDir?: string | undefined;
  readonly port: number;
  readonly files?: string | undefined;
  /** File with the identity of the application the page belongs to. */
  readonly application?: string | undefined;
  readonly cacheDir?: string | undefined;
  readonly open: boolean;
}

/** `jpl page`: serves the user's page on loopback, and opens it where a person sits before a screen. */
export async function page(io: Io, options: PageOptions): Promise<number> {
  const application =
    options.application === undefined ? undefined : await readApplicationIdentity(io, options.application);
  await using opened = await openPage(io, {
    application,
    dataDir: dataDirOf(io, options),
    cacheDir: options.cacheDir === undefined ? defaultCacheDir(io) : resolve(io.cwd, options.cacheDir),
    port: options.port,
    filesDir: options.files === undefined ? undefined : resolve(io.cwd, options.files),
  });
  const { host } = opened;
  if (!host.hasPage)
    throw new UsageError(
      'PAGE_NOT_BUILT',
      'There is no built page; in a checkout it is made by: npm run build',
    );
  const address = host.issueAddress();
  announce(io, { url: address });
  using enter = onEnter(io, () => printJson(io, { url: host.issueAddress() }));
  io.stderr('The address works once, within a minute.');
  io.stderr(enter.isPossible ? ' Enter gives a new one, Ctrl-C ends.\n' : '\n');
  if (options.open && hasDesktop(io)) openBrowser(address);
  await untilStopped(io);
  return 0;
}

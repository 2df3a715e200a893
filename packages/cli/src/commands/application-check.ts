import { ApplicationManager, createNetwork } from '@jami-plugin-store/client';
import type { ApplicationView } from '@jami-plugin-store/contract';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { readApplicationIdentity } from '../application-identity.js';
import { dataDirOf } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { defaultCacheDir } from '../options.js';
import { printable, printableLines } from '../printable.js';
import { clearProgress, drawDownload } from '../progress.js';
import { describeRefusal, refusalOfFailure } from '../refusal.js';
import { networkOf } from '../store-access.js';

export interface ApplicationCheckOptions {
  readonly platform?: string | undefined;
  readonly download?: boolean | undefined;
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * `jpl application check FILE`: whether an application has something newer, by the keys it was delivered with. `--download` fetches the installer
 * and tells where it lies, once its digest is the signed one; nothing is run.
 */
export async function applicationCheck(
  io: Io,
  identityFile: string,
  options: ApplicationCheckOptions,
): Promise<number> {
  const identity = await readApplicationIdentity(io, identityFile);
  await using network = createNetwork(await networkOf(io));
  const close = (): void => void network[Symbol.asyncDispose]();
  io.signal.addEventListener('abort', close, { once: true });
  const manager = new ApplicationManager(identity, {
    network,
    dataDir: dataDirOf(io, options),
    cacheDir: defaultCacheDir(io),
    platform: options.platform ?? currentPlatform(),
    clock: io.clock,
    random: Math.random,
    onChange: () => draw(io, manager.view),
  });
  await manager.reload();
  await manager.check();
  const { status, isVerified, failure } = manager.view;
  if (options.download && status === 'announced' && isVerified && failure === undefined) manager.download();
  // Resolves when the download has ended, however it did.
  await manager[Symbol.asyncDispose]();
  io.signal.removeEventListener('abort', close);
  clearProgress(io);
  io.signal.throwIfAborted();
  const { view } = manager;
  if (options.json) printJson(io, { name: identity.name, ...view });
  else print(io, identity.name, view);
  return view.failure === undefined ? 0 : 1;
}

function draw(io: Io, { status, received = 0, total }: ApplicationView): void {
  if (status === 'downloading') drawDownload(io, received, total);
}

function print(io: Io, name: string, view: ApplicationView): void {
  const { status, current, version, isVerified, notes, installer, failure } = view;
  if (status === 'up-to-date') io.stdout(`${printable(`${name} ${current} is up to date`)}\n`);
  if (version !== undefined) {
    const told = isVerified ? `signed by the key of ${name}` : 'told by the server; nobody signed it';
    io.stdout(`${printable(`${name} ${current} -> ${version}  (${told})`)}\n`);
    if (notes !== undefined) io.stdout(`${printableLines(notes, '  ')}\n`);
  }
  if (installer !== undefined) io.stdout(`${printable(installer)}\n`);
  if (failure !== undefined) io.stderr(`jpl: ${describeRefusal(refusalOfFailure(failure))}`);
}

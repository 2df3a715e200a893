import { X509Certificate } from 'node:crypto';
import { copyFile, readFile, rename } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type AuthorityAdmin, connectAdmin, initAuthority } from '@jami-plugin-store/authority';
import {
  addStore,
  createStoreClient,
  listStores,
  type PageHost,
  type StoreClient,
} from '@jami-plugin-store/client';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { languageOf, reachDaemon } from '../daemon-access.js';
import type { Io } from '../io.js';
import { onEnter } from '../page/ask-for-address.js';
import { hasDesktop, openBrowser } from '../page/open-browser.js';
import { openPage } from '../page/open-page.js';
import { printable } from '../printable.js';
import { type ChildServer, startServer } from '../up/child-server.js';
import { isThere, type MadeSample, makeSample, readSamples, type Sample } from '../up/sample.js';
import { tamper } from '../up/tamper.js';
import { openUpFolder, saveState, type UpState } from '../up/up-folder.js';
import { UsageError } from '../usage-error.js';

export interface UpOptions {
  readonly dir: string;
  readonly samples?: string | undefined;
  /** Whether a browser may be opened. */
  readonly open: boolean;
}

/** The one that is installed through the whole path when everything runs. */
const shownSample = 'GreenScreen';
const storeName = 'samples';

/**
 * `jpl up`: authority, store and daemon, each in a process of its own, over one folder; then one install through the whole
 * path, and the samples that are bad on purpose tried and refused. Stays until stopped. Everything is made once: a run that
 * was killed goes on where it was.
 */
export async function up(io: Io, options: UpOptions): Promise<number> {
  const dir = resolve(io.cwd, options.dir);
  const say = (text: string): void => io.stdout(`${text}\n`);
  const servers: ChildServer[] = [];
  const open = async (name: string, args: readonly string[]): Promise<ChildServer> => {
    io.signal.throwIfAborted();
    const server = await startServer(name, args, join(dir, 'logs', `${name}.log`));
    servers.push(server);
    return server;
  };
  try {
    const state = await openUpFolder(dir);
    const isFirst = !(await isThere(operatorTokenFile(dir)));
    const rootFile = await prepareAuthority(io, dir, state, say);
    const authorityArgs = [
      'ca',
      'serve',
      '--data-dir',
      join(dir, 'authority'),
      '--port',
      `${state.ports.authority}`,
    ];
    const authority = await open('authority', authorityArgs);
    say(`authority  ${authority.ready.url}  OCSP and revocation lists`);

    const samplesDir = resolve(io.cwd, options.samples ?? '.');
    const samples = options.samples === undefined ? [] : await readSamples(samplesDir);
    const made = await publish({
      io,
      dir,
      samplesDir,
      samples,
      state,
      rootFile,
      open,
      servers,
      say,
    });

    const store = await open('store', storeArgs(dir, state, rootFile));
    say(`store      ${store.ready.url}`);
    if (isFirst)
      say(
        `operator   ${(await readFile(operatorTokenFile(dir), 'utf8')).trim()} (also in ${operatorTokenFile(dir)})`,
      );
    await configureStore(dir, rootFile, store.ready.url ?? '');
    const daemon = await open('daemon', ['daemon', '--data-dir', join(dir, 'data')]);
    say(`daemon     ${daemon.ready.socket}`);

    await useStore(io, dir, store, daemon, made, say);
    await using page = await openPage(io, {
      dataDir: join(dir, 'data'),
      cacheDir: join(dir, 'cache'),
      port: 0,
    });
    sayWhatNow(io, dir, say);
    using _enter = showPage(io, page.host, options.open, say);
    await stopOrLoss(io, servers);
    return 0;
  } catch (error) {
    // Stopped before everything ran: the next run goes on from here.
    if (!io.signal.aborted) throw error;
    return 0;
  } finally {
    say('stopping');
    for (const server of servers.reverse()) await server[Symbol.asyncDispose]();
  }
}

type Say = (text: string) => void;

/** The root, once. @returns the file with the root certificate */
async function prepareAuthority(io: Io, dir: string, state: UpState, say: Say): Promise<string> {
  const authorityDir = join(dir, 'authority');
  const rootFile = join(authorityDir, 'root.pem');
  // Written last, so that an authority that was cut off is begun anew.
  if (!(await isThere(join(authorityDir, 'authority.json')))) {
    const made = await initAuthority({
      dir: authorityDir,
      name: 'Sample Plugin Store Root',
      baseUrl: `http://127.0.0.1:${state.ports.authority}`,
      clock: io.clock,
    });
    say(`made a root certificate, SHA-256 ${made.rootFingerprint}`);
  }
  return rootFile;
}

function storeArgs(dir: string, state: UpState, rootFile: string): string[] {
  const args = ['store', 'serve', '--data-dir', join(dir, 'store'), '--port', `${state.ports.store}`];
  args.push('--operator-token-file', operatorTokenFile(dir));
  // The revoked sample is to be refused by the daemon: a store that asks sooner would withdraw it, as it should elsewhere.
  args.push('--ask-revocation-every', '8760');
  // The authority of this folder answers on loopback, which a public store would never ask.
  return [...args, '--name', 'Sample Store', '--trust-anchor', rootFile, '--allow-private-addresses'];
}

function operatorTokenFile(dir: string): string {
  return join(dir, 'operator-token');
}

interface Publishing {
  readonly io: Io;
  readonly dir: string;
  readonly samplesDir: string;
  readonly samples: readonly Sample[];
  readonly state: UpState;
  readonly rootFile: string;
  readonly open: (name: string, args: readonly string[]) => Promise<ChildServer>;
  readonly servers: ChildServer[];
  readonly say: Say;
}

/** Certifies, packs, signs and publishes what is not published yet, then puts the flaws in place. */
async function publish(publishing: Publishing): Promise<MadeSample[]> {
  const { io, dir, samples, say } = publishing;
  await using authority = await connectAdmin(join(dir, 'authority'));
  const organizations = await certifyOrganizations(publishing, authority);
  let state = await saveState(dir, { ...publishing.state, organizations });
  const made: MadeSample[] = [];
  for (const sample of samples) {
    io.signal.throwIfAborted();
    const done = await makeSample(
      dir,
      publishing.samplesDir,
      sample,
      authority,
      organizations[sample.organization] ?? '',
    );
    made.push(done);
    if (done.native !== undefined) {
      say(
        `packed and signed ${sample.folder}, ${done.native ? 'with its native library' : 'data only: no C compiler here'}`,
      );
    }
  }
  const flawless = made.filter(({ flaw, folder }) => flaw !== undefined && !state.flawed.includes(folder));
  const fresh = await copyNew(dir, made, flawless);
  if (fresh || flawless.length > 0) await judgeOnce(publishing, made.length);
  for (const sample of flawless) {
    await addFlaw(dir, sample, authority, say);
    state = await saveState(dir, { ...state, flawed: [...state.flawed, sample.folder] });
  }
  return made;
}

async function certifyOrganizations(
  { samples, state, say }: Publishing,
  authority: AuthorityAdmin,
): Promise<Record<string, string>> {
  const known: Record<string, string> = { ...state.organizations };
  const issuers = await authority.listIssuers();
  for (const name of new Set(samples.map(({ organization }) => organization))) {
    // A run that was killed may have certified it without remembering.
    const issuer = issuers.find(({ subject }) => subject.includes(`CN=${name}`));
    if (known[name] !== undefined) continue;
    known[name] = issuer?.id ?? (await authority.createOrganization({ commonName: name })).keyId;
    say(`certified the organization ${name}`);
  }
  return known;
}

/**
 * Copies packages the store does not have yet, and those whose flaw a run that was killed put in place without remembering;
 * renamed when whole. @returns whether there were any
 */
async function copyNew(
  dir: string,
  made: readonly MadeSample[],
  flawless: readonly MadeSample[],
): Promise<boolean> {
  let copied = false;
  for (const sample of made) {
    const target = join(dir, 'store', 'packages', `${sample.folder}.jpl`);
    const isDone = flawless.includes(sample) ? await isSame(sample.file, target) : await isThere(target);
    if (isDone) continue;
    await copyFile(sample.file, `${target}.unfinished`);
    await rename(`${target}.unfinished`, target);
    copied = true;
  }
  return copied;
}

async function isSame(file: string, other: string): Promise<boolean> {
  return (await isThere(other)) && (await readFile(file)).equals(await readFile(other));
}

/** Lets the store judge everything while it is still genuine: what it has published it does not judge again. */
async function judgeOnce(
  { io, dir, state, rootFile, open, servers, say }: Publishing,
  expected: number,
): Promise<void> {
  const store = await open('store', storeArgs(dir, state, rootFile));
  const count = await untilOffered(io, store.ready.url ?? '', expected);
  say(`the store judged the packages and offers ${count}`);
  servers.splice(servers.indexOf(store), 1);
  await store[Symbol.asyncDispose]();
}

async function untilOffered(io: Io, url: string, expected: number): Promise<number> {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(new URL('/v1/store', url));
    const { plugins } = (await answer.json()) as { plugins: number };
    if (plugins >= expected) return plugins;
    await pause(200, undefined, { signal: io.signal });
  }
  throw new UsageError('SAMPLES_NOT_PUBLISHED', 'The store refused a sample; its log says why.');
}

async function addFlaw(dir: string, sample: MadeSample, authority: AuthorityAdmin, say: Say): Promise<void> {
  if (sample.flaw === 'tampered') {
    await tamper(join(dir, 'store'), `${sample.folder}.jpl`);
    say(`changed one file inside ${sample.folder} on the store's disk, after it was signed`);
  } else {
    await authority.revoke({ certificate: sample.certificate, reason: 'keyCompromise' });
    say(`revoked the certificate of ${sample.folder}`);
  }
}

async function configureStore(dir: string, rootFile: string, url: string): Promise<void> {
  const dataDir = join(dir, 'data');
  const stores = await listStores(dataDir);
  if (stores.some(({ name }) => name === storeName)) return;
  const rootPem = await readFile(rootFile, 'utf8');
  const sha256 = new X509Certificate(rootPem).fingerprint256;
  await addStore(dataDir, { name: storeName, url, rootPem, sha256 });
}

/** What a user would do: look at the store, install one, and meet the bad ones. */
async function useStore(
  io: Io,
  dir: string,
  store: ChildServer,
  daemon: ChildServer,
  made: readonly MadeSample[],
  say: Say,
): Promise<void> {
  await using api = await reachDaemon(daemon.ready.socket ?? '', join(dir, 'data'));
  await using client = createStoreClient({
    storeUrl: store.ready.url ?? '',
    cacheDir: join(dir, 'cache'),
    daemon: api,
    platform: currentPlatform(),
    language: languageOf(io),
  });
  await client.start();
  const catalog = await client.refresh();
  if (catalog.status !== 'offered') return say('the store offers nothing for this platform');
  say(`\nthe store offers ${catalog.plugins.length} plugins for ${currentPlatform()}:`);
  for (const { name, version, author } of catalog.plugins)
    say(`  ${printable(`${name} ${version}, by ${author}`)}`);
  // The good one first, whatever the order in which they were published.
  const wanted = [
    ...made.filter(({ folder }) => folder === shownSample),
    ...made.filter(({ flaw }) => flaw !== undefined),
  ];
  for (const { folder } of wanted) {
    io.signal.throwIfAborted();
    await tryInstall(client, folder, say);
  }
}

async function tryInstall(client: StoreClient, id: string, say: Say): Promise<void> {
  say(`\ninstalling ${id}`);
  const told = new Set<string>();
  const stop = client.on((event) => {
    if (event.type !== 'plugin' || event.plugin.id !== id) return;
    const { state, download, verification } = event.plugin;
    const isWhole = download?.total !== undefined && download.received === download.total;
    if (state === 'downloading' && isWhole) tell(`downloaded ${download.received} bytes`);
    if (state === 'installing' && verification !== undefined && verification.done === verification.of) {
      tell(`all ${verification.of} files are signed as they should be`);
    }
  });
  const tell = (text: string): void => {
    if (!told.has(text)) say(`  ${text}`);
    told.add(text);
  };
  try {
    const { state, installed, failure } = await client.install(id, { force: true });
    if (state === 'installed') say(`  installed ${id} ${installed?.version}`);
    else if (failure !== undefined) say(`  refused: ${printable(failure.message)}\n  code: ${failure.code}`);
    else say(`  ${state}`);
  } finally {
    stop();
  }
}

/** Tells where the page is, opens it where a person sits before a screen, and gives a new address for Enter. */
function showPage(io: Io, host: PageHost, mayOpen: boolean, say: Say): Disposable {
  if (!host.hasPage) {
    say('\nThe page is not built (npm run build).\nCtrl-C stops everything.');
    return { [Symbol.dispose]: () => undefined };
  }
  const address = host.issueAddress();
  say(`\nThe page: ${address}\n(works once, within a minute)`);
  const enter = onEnter(io, () => say(`The page: ${host.issueAddress()}`));
  say(`${enter.isPossible ? 'Enter gives a new address, ' : ''}Ctrl-C stops everything.`);
  if (mayOpen && hasDesktop(io)) openBrowser(address);
  return enter;
}

function sayWhatNow(io: Io, dir: string, say: Say): void {
  const data = relative(io.cwd, join(dir, 'data'));
  say(`\nEverything runs. In another terminal:
  node_modules/.bin/jpl list --data-dir ${data}
  node_modules/.bin/jpl search --data-dir ${data}
  node_modules/.bin/jpl install Whiteboard --data-dir ${data}
  node_modules/.bin/jpl page --data-dir ${data}`);
}

/** Until Ctrl-C, or until one of the servers ends by itself, which is an error. */
async function stopOrLoss(io: Io, servers: readonly ChildServer[]): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([stopped, ...servers.map(({ ended }) => ended)]);
}

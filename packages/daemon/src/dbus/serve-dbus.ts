import type { Message } from 'dbus-native';
import type { Daemon, DaemonLogger } from '../daemon.js';
import { errorOutcome } from '../error-outcome.js';
import { layoutOf } from '../installed/layout.js';
import { sessionBusSockets } from './bus-address.js';
import type { BusConnection } from './bus-connection.js';
import type { CallDesk } from './call-desk.js';
import { readMachineId } from './machine-id.js';
import { objectTree } from './object-tree.js';
import { type FaceOptions, pluginManagerHandlers } from './plugin-manager-handlers.js';
import { busName, pluginManagerInterface, pluginManagerPath } from './plugin-manager-interface.js';

export interface DBusOptions {
  /** Where the session bus is looked up. Default: this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly logger?: DaemonLogger | undefined;
  /** Longest wait for the bus to take this daemon in. */
  readonly timeoutMs?: number | undefined;
  /** Waits before each try to find a bus that went away; the last one repeats. */
  readonly reconnectMs?: readonly number[] | undefined;
  /** Bytes of a call's arguments. */
  readonly maxBodyBytes?: number | undefined;
  readonly maxRunningCalls?: number | undefined;
  /** How long calls under way may take when the face is closed. */
  readonly closeGraceMs?: number | undefined;
}

/** The daemon's face on the session bus. */
export interface DBusServer extends AsyncDisposable {
  /** The name it answers as. */
  readonly name: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const defaults = {
  timeoutMs: 10_000,
  reconnectMs: [1_000, 2_000, 5_000, 15_000, 30_000],
  /** As much as a request to the HTTP API may have. */
  maxBodyBytes: 64 * 1024,
  maxRunningCalls: 256,
  closeGraceMs: 5_000,
};

const repeatMs = 10_000;

/**
 * Answers Jami clients on the session bus until disposed of; the daemon itself stays open. When the bus goes away later it is
 * looked for again and again; the daemon's other faces go on meanwhile.
 * @throws {DaemonError} DBUS_UNAVAILABLE | DBUS_NAME_TAKEN
 */
export async function serveDBus(daemon: Daemon, options: DBusOptions = {}): Promise<DBusServer> {
  // Loaded here: few daemons are asked over the bus.
  const [{ openBus }, { callDesk }] = await Promise.all([
    import('./bus-connection.js'),
    import('./call-desk.js'),
  ]);
  const env = options.env ?? process.env;
  const { logger } = options;
  const { plugins } = layoutOf(daemon.info.dataDir);
  const handlers = pluginManagerHandlers(daemon, {
    plugins,
    onRefusal: seldom((method, code, message) => logger?.warn({ method, code }, `${method}: ${message}`)),
  });
  const tree = objectTree(pluginManagerPath, { shape: pluginManagerInterface, handlers }, readMachineId);
  const onFailure = (error: unknown, { member }: Message): void =>
    logger?.warn({ err: error, method: member }, `${member}: ${errorOutcome(error).message}`);
  const maxRunningCalls = options.maxRunningCalls ?? defaults.maxRunningCalls;
  const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
  const closing = new AbortController();
  const desk = callDesk(tree, { maxRunningCalls, onFailure });
  const open = async (): Promise<BusConnection> => {
    // Not AbortSignal.timeout(): Node 20 lets the collector take one that only AbortSignal.any() knows, and it never fires.
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), timeoutMs);
    try {
      return await openBus({
        sockets: sessionBusSockets(env),
        name: busName,
        onCall: desk.take,
        signal: AbortSignal.any([patience.signal, closing.signal]),
        maxBodyBytes: options.maxBodyBytes ?? defaults.maxBodyBytes,
      });
    } finally {
      clearTimeout(timer);
    }
  };
  return new KeptConnection(await open(), open, { desk, closing }, options);
}

/** The same of one method again only after a while: callers do not fill a log. */
function seldom(tell: FaceOptions['onRefusal']): FaceOptions['onRefusal'] {
  const toldAt = new Map<string, number>();
  return (method, code, message) => {
    const what = `${method} ${code}`;
    const now = performance.now();
    if (now - (toldAt.get(what) ?? -Infinity) < repeatMs) return;
    toldAt.set(what, now);
    tell(method, code, message);
  };
}

/** A connection that is made anew whenever it is lost. */
class KeptConnection implements DBusServer {
  readonly name = busName;
  readonly #closing: AbortController;
  readonly #desk: CallDesk;
  readonly #graceMs: number;
  readonly #keeping: Promise<void>;
  #connection: BusConnection;

  constructor(
    first: BusConnection,
    open: () => Promise<BusConnection>,
    { desk, closing }: { desk: CallDesk; closing: AbortController },
    options: DBusOptions,
  ) {
    this.#closing = closing;
    this.#desk = desk;
    this.#graceMs = options.closeGraceMs ?? defaults.closeGraceMs;
    this.#connection = first;
    this.#keeping = this.#keep(open, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const grace = new AbortController();
    await Promise.race([
      this.#desk.close(this.#connection),
      this.#connection.closed,
      pause(this.#graceMs, grace.signal),
    ]);
    grace.abort();
    await this.#connection[Symbol.asyncDispose]();
    await this.#keeping;
  }

  async #keep(open: () => Promise<BusConnection>, { reconnectMs, logger }: DBusOptions): Promise<void> {
    const { signal } = this.#closing;
    const delays = reconnectMs ?? defaults.reconnectMs;
    for (;;) {
      const cause = await this.#connection.closed;
      if (signal.aborted) return;
      logger?.warn({ err: cause }, 'The session bus went away; it is looked for again.');
      for (let failures = 0; ; failures += 1) {
        await pause(delays[Math.min(failures, delays.length - 1)] ?? 0, signal);
        if (signal.aborted) return;
        try {
          this.#connection = await open();
          if (signal.aborted) await this.#connection[Symbol.asyncDispose]();
          break;
        } catch (error) {
          if (signal.aborted) return;
          logger?.warn({ err: error }, errorOutcome(error).message);
        }
      }
    }
  }
}

/** Waits, or until the end. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

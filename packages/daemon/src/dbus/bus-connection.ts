import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import dbus, { type DBusConnection, type Message } from 'dbus-native';
import { DaemonError } from '../error.js';
import { type BusSocket, unavailable } from './bus-address.js';
import { MessageGate } from './message-gate.js';

export interface BusConnection extends AsyncDisposable {
  /** Settles when the bus has gone away, or this end was closed; with the reason where there is one. */
  readonly closed: Promise<Error | undefined>;
  /** Names that messages to this connection carry as their destination. */
  readonly names: ReadonlySet<string>;
  /**
   * Resolves when the bus has taken it, or is gone.
   * @throws {Error} where a value does not fit the message's signature
   */
  send(message: Message): Promise<void>;
  /** Stops taking messages, or goes on. */
  hold(isHeld: boolean): void;
}

export interface BusOptions {
  readonly sockets: readonly BusSocket[];
  /** The name to own. */
  readonly name: string;
  readonly onCall: (call: Message, connection: BusConnection) => void;
  /** Gives up. */
  readonly signal: AbortSignal;
  readonly maxBodyBytes: number;
}

const maxFieldBytes = 2 * 1024 * 1024;
const maxGreetingBytes = 16 * 1024;
const goodbyeMs = 1_000;
const bus = 'org.freedesktop.DBus';
const doNotQueue = 4;
const primaryOwner = 1;

/**
 * Connects to a message bus as the user of this process (authentication EXTERNAL and no other) and takes a name on it.
 * @throws {DaemonError} DBUS_UNAVAILABLE | DBUS_NAME_TAKEN
 */
export async function openBus(options: BusOptions): Promise<BusConnection> {
  const { signal } = options;
  const socket = await firstSocket(options.sockets, signal);
  const connection = new NamedConnection(socket, options);
  const giveUp = (): void => connection.fail(new Error('it does not answer'));
  signal.addEventListener('abort', giveUp);
  try {
    await connection.takeName(options.name);
    return connection;
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error instanceof DaemonError ? error : unavailable(reasonOf(error), error);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function firstSocket(sockets: readonly BusSocket[], signal: AbortSignal): Promise<Socket> {
  const failures: unknown[] = [];
  for (const path of sockets) {
    const socket = connect({ path });
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      failures.push(error);
    }
  }
  throw unavailable(failures.map(reasonOf).join('; '), failures[0]);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Waiting {
  resolve(body: readonly unknown[]): void;
  reject(error: Error): void;
}

class NamedConnection implements BusConnection {
  readonly closed: Promise<Error | undefined>;
  readonly names = new Set<string>();
  readonly #gate: MessageGate;
  readonly #connection: DBusConnection;
  readonly #waiting = new Map<number, Waiting>();
  readonly #drained = new Set<() => void>();
  #serial = 0;
  #isClosed = false;
  #cause: Error | undefined;

  constructor(socket: Socket, options: BusOptions) {
    const { maxBodyBytes, onCall } = options;
    this.#gate = new MessageGate(socket, { maxBodyBytes, maxFieldBytes, maxGreetingBytes });
    this.#connection = dbus.createConnection({ stream: this.#gate, authMethods: ['EXTERNAL'] });
    this.#connection.on('message', (message) => this.#take(message, onCall));
    this.#connection.on('error', (error) => this.fail(error));
    this.#connection.on('drain', () => this.#drain());
    this.#gate.once('end', () => {
      this.#isClosed = true;
    });
    this.closed = new Promise((resolve) => {
      this.#gate.once('close', () => {
        this.#end();
        resolve(this.#cause);
      });
    });
  }

  hold(isHeld: boolean): void {
    this.#gate.hold(isHeld);
  }

  async send(message: Message): Promise<void> {
    if (this.#isClosed) return;
    const isTaken = this.#connection.message({ ...message, serial: this.#nextSerial() });
    if (!isTaken) await new Promise<void>((resolve) => this.#drained.add(resolve));
  }

  fail(error: Error): void {
    this.#cause ??= error;
    this.#gate.destroy();
  }

  async takeName(name: string): Promise<void> {
    const [unique] = await this.#askBus('Hello');
    this.names.add(String(unique)).add(name);
    const [outcome] = await this.#askBus('RequestName', 'su', [name, doNotQueue]);
    if (outcome !== primaryOwner)
      throw new DaemonError('DBUS_NAME_TAKEN', `Another program answers as ${name} on the session bus.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What was sent before goes out first; a bus that takes nothing any more is not waited for.
    if (!this.#isClosed) this.#gate.end();
    const impatience = setTimeout(() => this.#gate.destroy(), goodbyeMs);
    await this.closed;
    clearTimeout(impatience);
  }

  #askBus(member: string, signature?: string, body: unknown[] = []): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(this.#lost());
      const serial = this.#nextSerial();
      this.#waiting.set(serial, { resolve, reject });
      const about = { path: '/org/freedesktop/DBus', interface: bus, destination: bus };
      const call = { type: dbus.messageType.methodCall, serial, ...about, member };
      this.#connection.message(signature === undefined ? call : { ...call, signature, body });
    });
  }

  #take(message: Message, onCall: BusOptions['onCall']): void {
    const { methodCall, methodReturn, error } = dbus.messageType;
    if (message.type === methodCall) onCall(message, this);
    if (message.type !== methodReturn && message.type !== error) return;
    const replySerial = message.replySerial ?? 0;
    const waiting = this.#waiting.get(replySerial);
    // Only the bus itself is ever asked, and only it may answer.
    if (waiting === undefined || message.sender !== bus) return;
    this.#waiting.delete(replySerial);
    if (message.type === methodReturn) waiting.resolve(message.body ?? []);
    else waiting.reject(new Error(`${message.errorName}: ${String(message.body?.[0] ?? '')}`));
  }

  /** Serials are 32 bits and never 0. */
  #nextSerial(): number {
    this.#serial = this.#serial >= 0xffff_ffff ? 1 : this.#serial + 1;
    return this.#serial;
  }

  #drain(): void {
    for (const resolve of this.#drained) resolve();
    this.#drained.clear();
  }

  #end(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(this.#lost());
    this.#waiting.clear();
    this.#drain();
  }

  #lost(): Error {
    return this.#cause ?? new Error('the bus closed the connection');
  }
}

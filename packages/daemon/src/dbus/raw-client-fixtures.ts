/** A client of a message bus for what `busctl` cannot say: many calls at once, long texts, going away in between. */
import dbus, { type DBusConnection, type Message } from 'dbus-native';
import { busName, pluginManagerInterface, pluginManagerPath } from './plugin-manager-interface.js';

export interface Reply {
  /** Undefined for an answer. */
  readonly error: string | undefined;
  readonly body: readonly unknown[];
}

export class RawClient implements Disposable {
  readonly #connection: DBusConnection;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #serial = 0;

  private constructor(busAddress: string) {
    this.#connection = dbus.createConnection({ busAddress, authMethods: ['EXTERNAL'] });
    this.#connection.on('error', () => undefined);
    this.#connection.on('message', (message) => {
      const reply = this.#waiting.get(message.replySerial ?? 0);
      this.#waiting.delete(message.replySerial ?? 0);
      reply?.({ error: message.errorName, body: message.body ?? [] });
    });
  }

  static async connect(busAddress: string): Promise<RawClient> {
    const client = new RawClient(busAddress);
    const bus = 'org.freedesktop.DBus';
    await client.send({ path: '/org/freedesktop/DBus', interface: bus, destination: bus, member: 'Hello' });
    return client;
  }

  [Symbol.dispose](): void {
    this.#connection.stream.destroy();
  }

  /** A call of the plugin manager, with anything about it exchanged. */
  call(member: string, signature = '', body: unknown[] = [], other: Message = {}): Promise<Reply> {
    const about = { destination: busName, path: pluginManagerPath, interface: pluginManagerInterface.name };
    return this.send({ ...about, member, ...(signature === '' ? {} : { signature, body }), ...other });
  }

  send(message: Message): Promise<Reply> {
    this.#serial += 1;
    const serial = this.#serial;
    return new Promise((resolve) => {
      this.#waiting.set(serial, resolve);
      this.#connection.message({ type: dbus.messageType.methodCall, ...message, serial });
    });
  }
}

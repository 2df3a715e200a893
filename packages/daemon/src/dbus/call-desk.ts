import dbus, { type Message } from 'dbus-native';
import { errorOutcome } from '../error-outcome.js';
import type { BusConnection } from './bus-connection.js';
import { CallRefusal } from './call-refusal.js';
import type { ObjectTree } from './object-tree.js';

export interface CallDeskOptions {
  /** Calls worked on at the same time; with so many under way nothing more is read from the bus. */
  readonly maxRunningCalls: number;
  /** A handler's own failure; the caller gets its sentence. */
  readonly onFailure: (error: unknown, call: Message) => void;
}

const noReplyExpected = 1;

export interface CallDesk {
  take(call: Message, connection: BusConnection): void;
  /** Takes nothing more off the bus, and waits until what was taken is answered. */
  close(connection: BusConnection): Promise<void>;
}

/** Takes method calls off a bus, has them answered, and sends the answers. */
export function callDesk(tree: ObjectTree, { maxRunningCalls, onFailure }: CallDeskOptions): CallDesk {
  const running = new Set<Promise<void>>();
  let isClosed = false;

  const reply = async (call: Message, connection: BusConnection): Promise<void> => {
    try {
      const { signature, body } = await tree.answer(call);
      if (isReplyWanted(call)) await connection.send(returnOf(call, signature, [...body]));
    } catch (error) {
      if (!(error instanceof CallRefusal)) onFailure(error, call);
      if (isReplyWanted(call)) await connection.send(errorOf(call, error));
    }
  };

  const hold = (connection: BusConnection): void =>
    connection.hold(isClosed || running.size >= maxRunningCalls);

  return {
    take: (call, connection) => {
      // A bus may show a connection what others say to each other; that is not for it to answer.
      if (call.destination !== undefined && !connection.names.has(call.destination)) return;
      const work = reply(call, connection)
        .catch((error: unknown) => onFailure(error, call))
        .finally(() => {
          running.delete(work);
          hold(connection);
        });
      running.add(work);
      hold(connection);
    },
    close: async (connection) => {
      isClosed = true;
      hold(connection);
      await Promise.all(running);
    },
  };
}

function isReplyWanted(call: Message): boolean {
  return ((call.flags ?? 0) & noReplyExpected) === 0;
}

function returnOf(call: Message, signature: string, body: unknown[]): Message {
  const answer = { ...addressOf(call), type: dbus.messageType.methodReturn };
  return signature === '' ? answer : { ...answer, signature, body };
}

function errorOf(call: Message, error: unknown): Message {
  const refusal =
    error instanceof CallRefusal
      ? { errorName: error.errorName, text: error.message }
      : { errorName: 'org.freedesktop.DBus.Error.Failed', text: errorOutcome(error).message };
  return {
    ...addressOf(call),
    type: dbus.messageType.error,
    errorName: refusal.errorName,
    signature: 's',
    body: [refusal.text.replaceAll('\0', '\u{fffd}')],
  };
}

function addressOf(call: Message): Message {
  return {
    ...(call.serial === undefined ? {} : { replySerial: call.serial }),
    ...(call.sender === undefined ? {} : { destination: call.sender }),
  };
}

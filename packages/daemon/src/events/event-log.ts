import { randomBytes } from 'node:crypto';
import type { DaemonEvent } from '@jami-plugin-store/contract';

type WithoutStamp<Event> = Event extends unknown ? Omit<Event, 'id' | 'at'> : never;
/** An event before it has its number and time. */
type EventFact = WithoutStamp<DaemonEvent>;

export interface EventLog {
  append(fact: EventFact): void;
  /** Calls back for every event from now on; the function returned ends that. */
  subscribe(listener: (event: DaemonEvent) => void): () => void;
  /** What followed an event, or `forgotten` where that event is of another run or no longer remembered. */
  since(lastEventId: string): readonly DaemonEvent[] | 'forgotten';
}

const eventId = /^([0-9a-f]{16})-([1-9][0-9]{0,15})$/;

/** The last `capacity` events of this run, so that a listener that was cut off can go on where it was. */
export function createEventLog(clock: () => Date, capacity = 1_024): EventLog {
  const run = randomBytes(8).toString('hex');
  const remembered: DaemonEvent[] = [];
  const listeners = new Set<(event: DaemonEvent) => void>();
  let newest = 0;

  return {
    append: (fact) => {
      newest += 1;
      const event = { id: `${run}-${newest}`, at: clock().toISOString(), ...fact } as DaemonEvent;
      remembered.push(event);
      if (remembered.length > capacity) remembered.shift();
      for (const listener of [...listeners]) listener(event);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    since: (lastEventId) => {
      const [, ofRun, number] = eventId.exec(lastEventId) ?? [];
      const last = Number(number);
      const oldest = newest - remembered.length + 1;
      if (ofRun !== run || last > newest || last < oldest - 1) return 'forgotten';
      return remembered.slice(last - oldest + 1);
    },
  };
}

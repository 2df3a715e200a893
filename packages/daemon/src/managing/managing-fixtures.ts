/** Plugins with real libraries in a running daemon, for this room's tests. */
import { readFile } from 'node:fs/promises';
import type { DaemonEvent, LoadState } from '@jami-plugin-store/contract';
import type { Daemon } from '../daemon.js';
import { type DaemonFixtures, fixturePlatform, type Signer, writePackage } from '../daemon-fixtures.js';
import { compileFixture } from '../loading/native-fixtures.js';

export interface LibraryWish {
  readonly id?: string;
  readonly version?: string;
  /** What its library does (native-fixtures.c). */
  readonly mode: string;
  readonly files?: Readonly<Record<string, string | Buffer | undefined>>;
}

/** Packages whose library behaves as wished; it is compiled once. */
export function libraryPackages(fixtures: DaemonFixtures, signer: Signer) {
  let compiled: Promise<Buffer> | undefined;
  return async ({ mode, version = '1.0.0', files, id = `${mode}_plugin` }: LibraryWish): Promise<string> => {
    compiled ??= compileFixture(fixtures.path('any.so')).then((path) => readFile(path));
    const library = { [`lib/${fixturePlatform}/lib${id}.so`]: await compiled };
    return writePackage(fixtures, signer, { id, version, files: { ...files, ...library } });
  };
}

/** Collects a daemon's events, and waits for what is to come. */
export function listen(daemon: Daemon) {
  const events: DaemonEvent[] = [];
  const waiting = new Set<() => void>();
  daemon.events.subscribe((event) => {
    events.push(event);
    for (const look of [...waiting]) look();
  });
  return {
    events,
    /** States of a plugin's library so far. */
    states: (id: string): LoadState[] =>
      events.flatMap((event) => (event.type === 'load' && event.plugin === id ? [event.load.state] : [])),
    /** The first event, of those told and those to come, that is meant. */
    until: (isMeant: (event: DaemonEvent) => boolean): Promise<DaemonEvent> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find(isMeant);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    forget: (): void => void events.splice(0),
  };
}

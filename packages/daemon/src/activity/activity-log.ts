import type { ActivityEntry } from '@jami-plugin-store/contract';
import { ActivityEntry as Entry } from '@jami-plugin-store/contract';
import { Compile } from 'typebox/compile';
import { type Disk, isAbsent } from '../disk/disk.js';

/** An entry before it has its number and time. */
export type ActivityFact = Omit<ActivityEntry, 'number' | 'at'>;

/** What changed in a data folder, and what was refused; never changed afterwards, only rotated. */
export interface ActivityLog {
  /** Durable when it settles. A disk that refuses is told to `onProblem`; the line is then written with the next one. */
  append(fact: ActivityFact): Promise<void>;
  /** Entries after a number, oldest first. */
  after(number: number, limit: number): { entries: ActivityEntry[]; hasMore: boolean };
  /** The newest entries, oldest first. */
  newest(limit: number): ActivityEntry[];
}

export interface ActivityLogOptions {
  readonly clock: () => Date;
  readonly onProblem: (error: unknown) => void;
  /** Size at which a file is put aside. One file put aside is kept, the one before it goes. */
  readonly maxFileBytes?: number | undefined;
}

const check = Compile(Entry);
const defaultMaxFileBytes = 1024 * 1024;
const maxMessageCharacters = 1_000;
const maxUnwritten = 1_000;

/**
 * Opens the log at a path; the file put aside stands beside it as `<path>.1`. One owner at a time (the folder's lock). A line that a
 * crash cut off is skipped, and what follows begins on a line of its own.
 */
export async function openActivityLog(
  disk: Disk,
  path: string,
  { clock, onProblem, maxFileBytes = defaultMaxFileBytes }: ActivityLogOptions,
): Promise<ActivityLog> {
  const older = await readLines(disk, `${path}.1`, maxFileBytes, onProblem);
  const current = await readLines(disk, path, maxFileBytes, onProblem);
  const aside = { entries: older.entries };
  let { entries, bytes, isTorn } = current;
  let number = Math.max(0, ...[...older.entries, ...entries].map((entry) => entry.number));
  let unwritten: ActivityEntry[] = [];
  let writing: Promise<void> = Promise.resolve();

  const rotate = async (): Promise<void> => {
    await disk.rename(path, `${path}.1`);
    aside.entries = entries;
    [entries, bytes, isTorn] = [[], 0, false];
  };

  const write = async (): Promise<void> => {
    if (unwritten.length === 0) return;
    const batch = unwritten;
    const lines = batch.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    try {
      if (bytes > 0 && bytes + lines.length > maxFileBytes) await rotate();
      const content = Buffer.from(isTorn ? `\n${lines}` : lines);
      // Until it is known to be whole, the file may end in the middle of a line.
      isTorn = true;
      await disk.appendFile(path, content);
      isTorn = false;
      bytes += content.length;
      entries.push(...batch);
      unwritten = unwritten.slice(batch.length);
    } catch (error) {
      unwritten = unwritten.slice(-maxUnwritten);
      onProblem(error);
    }
  };

  const all = (): ActivityEntry[] => [...aside.entries, ...entries, ...unwritten];
  return {
    append: (fact) => {
      number += 1;
      const message = shortened(fact.message);
      unwritten.push({ number, at: clock().toISOString(), ...fact, message });
      writing = writing.then(write);
      return writing;
    },
    after: (since, limit) => {
      const later = all().filter((entry) => entry.number > since);
      return { entries: later.slice(0, limit), hasMore: later.length > limit };
    },
    newest: (limit) => all().slice(-limit),
  };
}

/** What a file holds that is an entry. A file that another program made too long is set aside unread. */
async function readLines(
  disk: Disk,
  path: string,
  maxFileBytes: number,
  onProblem: (error: unknown) => void,
): Promise<{ entries: ActivityEntry[]; bytes: number; isTorn: boolean }> {
  try {
    const content = await disk.readFile(path, 2 * maxFileBytes);
    const text = content.toString('utf8');
    const entries = inOrder(text.split('\n').flatMap(readLine));
    return { entries, bytes: content.length, isTorn: text !== '' && !text.endsWith('\n') };
  } catch (error) {
    if (isAbsent(error)) return { entries: [], bytes: 0, isTorn: false };
    onProblem(error);
    return { entries: [], bytes: maxFileBytes, isTorn: true };
  }
}

/** A line whose flush failed may have been written twice. */
function inOrder(entries: readonly ActivityEntry[]): ActivityEntry[] {
  let last = 0;
  return entries.filter(({ number }) => {
    if (number <= last) return false;
    last = number;
    return true;
  });
}

function readLine(line: string): ActivityEntry[] {
  try {
    const entry: unknown = JSON.parse(line);
    return check.Check(entry) ? [entry] : [];
  } catch {
    return [];
  }
}

/** A message may quote what a package says of itself; one line of the log stays one line of reasonable length. */
function shortened(message: string): string {
  return message.length <= maxMessageCharacters ? message : `${message.slice(0, maxMessageCharacters)}…`;
}

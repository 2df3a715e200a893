import { randomBytes } from 'node:crypto';
import { isPluginId } from '@jami-plugin-store/jpl';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Disk, isAbsent } from '../disk/disk.js';
import { replaceFile } from '../installed/durable-file.js';
import type { Layout } from '../installed/layout.js';

/** What the user wants of the plugins as a whole, across restarts. */
const Remembered = Type.Object({
  format: Type.Literal(1),
  pluginsEnabled: Type.Boolean(),
  /** Ids of the plugins to load when the daemon starts. */
  loaded: Type.Array(Type.String(), { maxItems: 10_000, uniqueItems: true }),
  /** Of texts, where the user chose another one than the environment's. */
  language: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
});
type Remembered = Static<typeof Remembered>;

const check = Compile(Remembered);
const maxBytes = 1024 * 1024;

/** Plugins may be loaded, none is. */
const initial: Remembered = { format: 1, pluginsEnabled: true, loaded: [] };

export interface Memory {
  readonly now: Remembered;
  /** Changes are made one after the other; one that cannot be written down did not happen. */
  change(next: (now: Remembered) => Remembered): Promise<void>;
}

/**
 * Reads what was remembered. A file that cannot be understood is kept beside, under another name, and nothing is remembered.
 * @param onDamage told of such a file
 */
export async function openMemory(
  disk: Disk,
  layout: Layout,
  onDamage: (error: unknown, about: string) => void,
): Promise<Memory> {
  let now = await read(disk, layout.managing).catch(async (error: unknown) => {
    await disk.rename(layout.managing, `${layout.managing}.damaged-${randomBytes(4).toString('hex')}`);
    onDamage(error, layout.managing);
    return initial;
  });
  let last: Promise<unknown> = Promise.resolve();
  return {
    get now() {
      return now;
    },
    change: (next) => {
      const work = last.then(async () => {
        const changed = next(now);
        if (changed === now) return;
        const text = `${JSON.stringify(changed, null, 1)}\n`;
        await replaceFile(disk, layout, layout.managing, Buffer.from(text));
        now = changed;
      });
      last = work.catch(() => undefined);
      return work;
    },
  };
}

async function read(disk: Disk, path: string): Promise<Remembered> {
  let bytes: Buffer;
  try {
    bytes = await disk.readFile(path, maxBytes);
  } catch (error) {
    if (isAbsent(error)) return initial;
    throw error;
  }
  const remembered: unknown = JSON.parse(bytes.toString('utf8'));
  if (!check.Check(remembered) || !remembered.loaded.every(isPluginId))
    throw new Error('a field is missing or has the wrong form');
  return remembered;
}

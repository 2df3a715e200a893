import { readFileSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * `node reader-child.js ROOT`: another program that uses an installed plugin. Opens its folder once, reads all its parts from there, and begins again, until its
 * input ends; then says what it saw.
 */
const [root = ''] = process.argv.slice(2);
const seen = { reads: 0, missing: 0, mixed: 0, versions: new Set<string>(), faults: [] as string[] };
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();
process.stdout.write('READING\n');
while (!isOver) {
  await readOnce();
  // Lets the end of the input come through.
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(`${JSON.stringify({ ...seen, versions: [...seen.versions].sort() })}\n`);

async function readOnce(): Promise<void> {
  try {
    await using folder = await open(root, 'r');
    // On Linux a path through the open folder: no name above it is looked up again.
    const opened =
      process.platform === 'linux' ? `/proc/self/fd/${folder.fd}` : join(root, '..', readlinkSync(root));
    const text = (name: string): string => readFileSync(`${opened}/${name}`, 'utf8');
    const versions = [
      (JSON.parse(text('manifest.json')) as { version: string }).version,
      text('data/version.txt'),
      text('libGreeter.so').replace('library ', ''),
    ];
    text('Greeter.crt');
    text('preferences.msgpack');
    for (const version of versions) seen.versions.add(version);
    if (new Set(versions).size > 1) fault('mixed', versions.join(' '));
    seen.reads += 1;
  } catch (error) {
    fault('missing', error instanceof Error ? error.message : String(error));
  }
}

function fault(kind: 'missing' | 'mixed', what: string): void {
  seen[kind] += 1;
  if (seen.faults.length < 10) seen.faults.push(what);
}

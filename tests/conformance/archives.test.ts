import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { JplError, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { beforeAll, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { type ArchiveCase, readArchiveCases, runArchives } from './archives.js';
import { exitCodeOf, type SuiteReport } from './report.js';
import { conformanceFolder, skipMessage } from './shared.js';

/** Name -> SHA-256 of a file's content, undefined for a folder; in the order listed. */
type Listing = Map<string, string | undefined>;

const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');

const suite = conformanceFolder();
const folder = join(suite ?? '.', 'archives');
const document = fileURLToPath(new URL('../../docs/archives.md', import.meta.url));
const hasBsdtar = spawnSync('bsdtar', ['--version']).status === 0;
if (suite === undefined) process.stderr.write(`archives: ${skipMessage}\n`);
else if (!hasBsdtar)
  process.stderr.write('archives: comparison skipped: bsdtar (libarchive-tools) is not installed\n');

describe.skipIf(suite === undefined)('the public archive suite', () => {
  let cases: ArchiveCase[];
  let report: SuiteReport;
  beforeAll(async () => {
    cases = await readArchiveCases(folder);
    report = await runArchives(folder);
  });

  it('has every bad archive refused with a code, each at once', () => {
    expect(report).toMatchObject({
      right: 256,
      of: 256,
      wrongAccepts: [],
      wrongRejects: [],
      untyped: [],
      slow: [],
    });
    expect(Object.keys(report.verdicts)).toHaveLength(3_110);
    expect(exitCodeOf(report)).toBe(0);
  });

  it('has every refused sample of a lawful archive in the table of docs/archives.md', async () => {
    const refused = cases
      .filter(({ expect: expected }) => expected === 'interop' || expected === 'policy')
      .flatMap(({ file }) => (report.verdicts[file]?.accepted ? [] : [[file, report.verdicts[file]?.code]]));
    const rows = (await readFile(document, 'utf8')).matchAll(
      /^\| `((?:interop|policy)\/[^`]+)` \| `([A-Z0-9_]+)` \|/gm,
    );
    expect(Object.fromEntries([...rows].map(([, file, code]) => [file, code]))).toEqual(
      Object.fromEntries(refused),
    );
  });

  it.skipIf(!hasBsdtar)('has what is accepted read alike by bsdtar and yauzl', async () => {
    const accepted = cases.filter(({ file }) => report.verdicts[file]?.accepted);
    expect(accepted.length).toBeGreaterThan(120);
    const waiting = accepted.values();
    const work = async (): Promise<void> => {
      for (const { file } of waiting) {
        const path = join(folder, file);
        const ours = await listOurs(path);
        expect(await listWithYauzl(path), `yauzl on ${file}`).toEqual(ours);
        await expectBsdtarAgrees(path, ours);
      }
    };
    await Promise.all([work(), work(), work(), work()]);
  });
});

describe('docs/archives.md', () => {
  it('explains every code of the archive reader', async () => {
    const source = await readFile(new URL('../../packages/jpl/src/error.ts', import.meta.url), 'utf8');
    const archiveCodes = source.slice(
      source.indexOf('export type FileErrorCode'),
      source.indexOf('export interface'),
    );
    const text = await readFile(document, 'utf8');
    const missing = [...archiveCodes.matchAll(/'([A-Z0-9_]+)'/g)].flatMap(([, code]) =>
      text.includes(`\`${code}\``) ? [] : [code],
    );
    expect(missing).toEqual([]);
  });
});

describe.skipIf(suite === undefined)("the packages of Jami's own test suite", () => {
  it.each(['', 'CertNotFound', 'FileNotSign', 'ManifestChanged', 'NotSign', 'PluginNotSignByIssuer'])(
    'TestSuite%s.jpl is a lawful archive',
    async (variant) => {
      const listing = await listOurs(join(suite ?? '.', 'upstream-jpl', `TestSuite${variant}.jpl`));
      expect(listing.has('manifest.json')).toBe(true);
    },
  );

  it('a package cut off anywhere is refused', async () => {
    const whole = await readFile(join(suite ?? '.', 'upstream-jpl', 'TestSuite.jpl'));
    for (let length = 1; length < whole.length; length += 977) {
      const source = {
        size: length,
        read: async (at: number, bytes: number) => whole.subarray(at, at + bytes),
      };
      await expect(openArchive(source), `cut at ${length}`).rejects.toBeInstanceOf(JplError);
    }
  });
});

async function listOurs(path: string): Promise<Listing> {
  await using source = await openFileSource(path);
  const archive = await openArchive(source);
  const listing: Listing = new Map();
  for (const entry of archive.entries) {
    listing.set(entry.name, entry.kind === 'file' ? digest(await archive.read(entry)) : undefined);
  }
  return listing;
}

function listWithYauzl(path: string): Promise<Listing> {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, strictFileNames: true }, (openError, zip) => {
      if (openError) return reject(openError);
      const listing: Listing = new Map();
      const take = (name: string, content: Buffer | undefined) => {
        listing.set(name, content && digest(content));
        zip.readEntry();
      };
      zip.on('error', reject);
      zip.on('end', () => resolve(listing));
      zip.on('entry', (entry: yauzl.Entry) => {
        if (entry.fileName.endsWith('/')) return take(entry.fileName, undefined);
        zip.openReadStream(entry, (streamError, stream) => {
          if (streamError) return reject(streamError);
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('error', reject);
          stream.on('end', () => take(entry.fileName, Buffer.concat(chunks)));
        });
      });
      zip.readEntry();
    });
  });
}

/** libarchive must see the same from the file (by the central directory) and from a pipe (by the local headers). */
async function expectBsdtarAgrees(path: string, ours: Listing): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const bytes = await readFile(path);
  for (const input of [undefined, bytes]) {
    const target = await mkdtemp(join(tmpdir(), 'jpl-bsdtar-'));
    try {
      const args = ['-xvf', input === undefined ? path : '-', '-C', target];
      const child = spawn('bsdtar', args, { env, stdio: ['pipe', 'ignore', 'pipe'] });
      child.stdin.on('error', () => undefined).end(input);
      const [stderr, [status]] = await Promise.all([textOf(child.stderr), once(child, 'close')]);
      expect(status, `bsdtar on ${path}: ${stderr}`).toBe(0);
      const listed = stderr.split('\n').filter((line) => line !== '');
      expect(listed, `bsdtar on ${path}`).toEqual([...ours.keys()].map((name) => `x ${name}`));
      for (const [name, expected] of ours) {
        if (expected === undefined) continue;
        expect(digest(await readFile(join(target, name))), `${name} of ${path}`).toBe(expected);
      }
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  }
}

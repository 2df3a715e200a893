import { randomBytes } from 'node:crypto';
import type { Archive, ArchiveEntry } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AskRevocation } from '../revocation/evidence.js';
import { type JudgePackageRequest, judgePackage } from './judge-package.js';
import { fixtureInstant, type Issued, OpensslCa } from './openssl-fixtures.js';
import { archiveOf, draftOf, manifestOf } from './package-fixtures.js';
import type { EntrySink } from './verified-plugin.js';
import { verifyEntries } from './verify-entries.js';

const mebibyte = 1024 * 1024;
const largeBytes = 9 * mebibyte;
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

let ca: OpensslCa;
let plugin: Issued;

beforeAll(async () => {
  ca = await OpensslCa.create();
  plugin = await ca.issue({ subject: '/CN=Example' });
});
afterAll(() => ca[Symbol.asyncDispose]());

/** The plugin certificate is the anchor: there is nobody to ask. */
const judge = (archive: Archive, request: Partial<JudgePackageRequest> = {}) =>
  judgePackage(archive, {
    anchors: [plugin.anchor],
    at: fixtureInstant,
    revocation: 'required',
    ask: async () => [],
    ...request,
  });

const filesOf = (files: Record<string, Buffer>): Map<string, Buffer> =>
  new Map([...Object.entries(files), ['manifest.json', manifestOf()]]);

/** Keeps what it gets, and counts what is open. */
class RecordingSink implements EntrySink {
  readonly contents = new Map<string, Buffer>();
  readonly aborted: string[] = [];
  calls = 0;
  openWriters = 0;
  running = 0;
  runningBytes = 0;
  mostRunning = 0;
  mostBytes = 0;
  readonly #before: (name: string) => Promise<void>;

  constructor(before: (name: string) => Promise<void> = tick) {
    this.#before = before;
  }

  wants(entry: ArchiveEntry): boolean {
    this.calls += 1;
    return !entry.name.startsWith('unwanted/');
  }

  async write(entry: ArchiveEntry, content: Buffer): Promise<void> {
    this.calls += 1;
    expect(this.contents.has(entry.name)).toBe(false);
    this.running += 1;
    this.runningBytes += content.length;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    this.mostBytes = Math.max(this.mostBytes, this.runningBytes);
    try {
      await this.#before(entry.name);
      this.contents.set(entry.name, Buffer.from(content));
    } finally {
      this.running -= 1;
      this.runningBytes -= content.length;
    }
  }

  async open(entry: ArchiveEntry) {
    this.calls += 1;
    this.openWriters += 1;
    const chunks: Buffer[] = [];
    return {
      write: async (chunk: Buffer) => {
        this.calls += 1;
        expect(chunk.length).toBeLessThanOrEqual(mebibyte);
        await this.#before(entry.name);
        chunks.push(Buffer.from(chunk));
      },
      close: async () => {
        this.openWriters -= 1;
        this.contents.set(entry.name, Buffer.concat(chunks));
      },
      abort: async () => {
        this.openWriters -= 1;
        this.aborted.push(entry.name);
      },
    };
  }
}

describe('the sink', () => {
  it('gets each signed file once, large ones in chunks; no folder, nothing exempt, nothing it does not want', async () => {
    const files = filesOf({
      'data/': Buffer.alloc(0),
      'data/empty': Buffer.alloc(0),
      'lib/x86_64-linux-gnu/libExample.so': randomBytes(largeBytes),
      'unwanted/large': Buffer.alloc(largeBytes),
      'unwanted/small': Buffer.from('x'),
    });
    const sink = new RecordingSink();
    await judge(await archiveOf(draftOf([plugin], files)), { sink });
    expect([...sink.contents.keys()].sort()).toEqual([
      'data/empty',
      'lib/x86_64-linux-gnu/libExample.so',
      'manifest.json',
    ]);
    for (const [name, content] of sink.contents)
      expect(content.equals(files.get(name) ?? randomBytes(1))).toBe(true);
    expect(sink.openWriters).toBe(0);
  });

  it('is not wanted for what it does not want, which is verified all the same', async () => {
    for (const name of ['unwanted/small', 'unwanted/large']) {
      const draft = draftOf(
        [plugin],
        filesOf({ [name]: Buffer.alloc(name.endsWith('large') ? largeBytes : 1) }),
      );
      draft.signatures.set(name, Buffer.alloc(256));
      const refusal = judge(await archiveOf(draft), { sink: new RecordingSink() });
      await expect(refusal).rejects.toMatchObject({ code: 'SIGNATURE_INVALID', entry: name });
    }
  });

  it('runs 64 at once at the most, and 32 MiB', async () => {
    const many: Record<string, Buffer> = {};
    for (let index = 0; index < 200; index += 1) many[`data/${index}`] = Buffer.from(String(index));
    for (let index = 0; index < 12; index += 1) many[`more/${index}`] = Buffer.alloc(7 * mebibyte);
    const sink = new RecordingSink(async () => {
      for (let turn = 0; turn < 20; turn += 1) await tick();
    });
    await judge(await archiveOf(draftOf([plugin], filesOf(many))), { sink });
    expect(sink.contents.size).toBe(213);
    expect(sink.mostRunning).toBeLessThanOrEqual(64);
    expect(sink.mostRunning).toBeGreaterThan(8);
    expect(sink.mostBytes).toBeLessThanOrEqual(32 * mebibyte);
  });

  it('must give up a large file whose signature does not hold', async () => {
    const draft = draftOf([plugin], filesOf({ 'lib/large': Buffer.alloc(largeBytes) }));
    draft.signatures.set('lib/large', Buffer.alloc(256));
    const sink = new RecordingSink();
    await expect(judge(await archiveOf(draft), { sink })).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    expect(sink.aborted).toEqual(['lib/large']);
    expect(sink.openWriters).toBe(0);
  });

  it.each(['data/small', 'lib/large'])('ends the judgement with its own error at %s', async (name) => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const files = filesOf({ 'data/small': Buffer.from('x'), 'lib/large': Buffer.alloc(largeBytes) });
    const sink = new RecordingSink(async (written) => {
      if (written === name) throw full;
    });
    await expect(judge(await archiveOf(draftOf([plugin], files)), { sink })).rejects.toBe(full);
    expect(sink.openWriters).toBe(0);
  });

  it('may throw before it has promised anything', async () => {
    const broken: EntrySink = {
      wants: () => true,
      write: () => {
        throw new Error('broken at once');
      },
      open: () => {
        throw new Error('broken at once');
      },
    };
    for (const content of [Buffer.from('x'), Buffer.alloc(largeBytes)]) {
      const archive = await archiveOf(draftOf([plugin], filesOf({ a: content })));
      await expect(judge(archive, { sink: broken })).rejects.toThrow('broken at once');
    }
    const draft = draftOf([plugin], filesOf({ a: Buffer.from('x') }));
    draft.signatures.set('a', Buffer.alloc(256));
    // What the judge found itself comes first.
    const refusal = judge(await archiveOf(draft), { sink: broken });
    await expect(refusal).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('is at rest when a refusal is told', async () => {
    const files = filesOf(
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`data/${i}`, Buffer.from([i])])),
    );
    const draft = draftOf([plugin], files);
    draft.signatures.set('data/0', Buffer.alloc(256));
    const sink = new RecordingSink(async () => {
      for (let turn = 0; turn < 30; turn += 1) await tick();
    });
    await expect(judge(await archiveOf(draft), { sink })).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    expect(sink.running).toBe(0);
    const { calls } = sink;
    for (let turn = 0; turn < 50; turn += 1) await tick();
    expect(sink.calls).toBe(calls);
  });
});

describe('of several failing entries', () => {
  it('the first in the archive is named, even when it takes longest to tell', async () => {
    const files = filesOf({
      'a/large': Buffer.alloc(largeBytes),
      'b/small': Buffer.from('x'),
      'c/small': Buffer.from('y'),
    });
    for (const [bad, named] of [
      [['c/small', 'a/large', 'b/small'], 'a/large'],
      [['c/small', 'b/small'], 'b/small'],
    ] as const) {
      const draft = draftOf([plugin], files);
      for (const name of bad) draft.signatures.set(name, Buffer.alloc(256));
      await expect(judge(await archiveOf(draft))).rejects.toMatchObject({ entry: named });
    }
  });
});

describe('what lies behind a failing entry', () => {
  it('is left alone', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`data/${1000 + i}`, Buffer.from([i])]),
    );
    const draft = draftOf([plugin], filesOf(many));
    draft.signatures.set('data/1000', Buffer.alloc(256));
    const archive = await archiveOf(draft);
    let reads = 0;
    const counting: Archive = {
      ...archive,
      read: (entry) => {
        reads += 1;
        return archive.read(entry);
      },
    };
    await expect(judge(counting)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID', entry: 'data/1000' });
    expect(reads).toBeLessThan(300);
  });
});

describe('progress', () => {
  it('counts files from none to all, folders not among them', async () => {
    const files = filesOf({
      'data/': Buffer.alloc(0),
      'data/a': Buffer.alloc(1000),
      'lib/large': Buffer.alloc(largeBytes),
    });
    const seen: [number, number][] = [];
    const verdict = await judge(await archiveOf(draftOf([plugin], files)), {
      onProgress: (done, of) => seen.push([done, of]),
    });
    expect(verdict.files).toBe(3);
    expect(seen).toEqual([0, 1, 2, 3].map((done) => [done, 3]));
  });
});

describe('the signal', () => {
  const enough = new Error('enough');
  const large = () => filesOf({ 'data/small': Buffer.from('x'), 'lib/large': Buffer.alloc(largeBytes) });

  it('ends a judgement before it begins', async () => {
    const archive = await archiveOf(draftOf([plugin], large()));
    const sink = new RecordingSink();
    // Not even the certificates are looked at.
    const request = { sink, anchors: [], signal: AbortSignal.abort(enough) };
    await expect(judge(archive, request)).rejects.toBe(enough);
    expect(sink.calls).toBe(0);
  });

  it.each(['data/small', 'lib/large'])(
    'ends it while %s is written, and leaves nothing open',
    async (name) => {
      const controller = new AbortController();
      const sink = new RecordingSink(async (written) => {
        if (written === name) controller.abort(enough);
      });
      const archive = await archiveOf(draftOf([plugin], large()));
      await expect(judge(archive, { sink, signal: controller.signal })).rejects.toBe(enough);
      expect(sink.aborted).toEqual(name === 'lib/large' ? [name] : []);
      expect(sink.openWriters).toBe(0);
      expect(sink.running).toBe(0);
    },
  );

  it('never lets entries pass that were not looked at', async () => {
    const archive = await archiveOf(draftOf([plugin]));
    const entries = archive.entries.map((entry) => ({ entry, signature: Buffer.alloc(256) }));
    const verification = {
      publicKey: plugin.certificate.publicKey.keyObject,
      signal: AbortSignal.abort(enough),
    };
    await expect(verifyEntries(archive, entries, verification)).rejects.toBe(enough);
  });

  it('ends it while nobody answers about revocation', async () => {
    const issuer = await ca.issue({
      subject: '/CN=Issuer',
      keyType: 'P-256',
      extensions: ['basicConstraints=CA:TRUE'],
    });
    const below = await ca.issue({ subject: '/CN=Example', issuer, keyOf: plugin });
    const controller = new AbortController();
    let told: AbortSignal | undefined;
    const ask: AskRevocation = (_questions, { signal }) => {
      told = signal;
      controller.abort(enough);
      return new Promise(() => undefined);
    };
    const archive = await archiveOf(draftOf([below]));
    const request = { anchors: [issuer.anchor], ask, signal: controller.signal };
    await expect(judge(archive, request)).rejects.toBe(enough);
    expect(told?.aborted).toBe(true);
  });
});

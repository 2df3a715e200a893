import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jpl, namesIn, type Place, temporaryFolder } from './cli-fixtures.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let place: Place;

beforeAll(async () => {
  folder = await temporaryFolder();
  place = { cwd: folder.path };
  await writeFile(join(folder.path, 'file'), 'a file');
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Every command, with all it must have. */
const commands: Readonly<Record<string, readonly string[]>> = {
  verify: ['verify', 'file'],
  install: ['install', 'file'],
  uninstall: ['uninstall', 'Id'],
  list: ['list'],
  rollback: ['rollback', 'Id'],
  adopt: ['adopt', 'Id'],
  log: ['log'],
  load: ['load', 'Id'],
  unload: ['unload', 'Id'],
  enable: ['enable'],
  disable: ['disable'],
  preferences: ['preferences', 'Id', 'key', 'value'],
  daemon: ['daemon'],
  csr: ['csr', '--cn', 'Name'],
  pack: ['pack', 'folder'],
  sign: ['sign', 'file', '--key', 'key', '--cert', 'pem'],
  outdated: ['outdated'],
  pin: ['pin', 'Id'],
  unpin: ['unpin', 'Id'],
  skip: ['skip', 'Id', '1.0'],
  hold: ['hold', 'Id', '3'],
  'auto-update': ['auto-update', 'on'],
  search: ['search'],
  info: ['info', 'Id'],
  'store add': ['store', 'add', 'name', 'https://store', '--root', 'pem', '--sha256', 'hex'],
  'store list': ['store', 'list'],
  'store remove': ['store', 'remove', 'name'],
  'store serve': ['store', 'serve', '--data-dir', 'dir', '--port', '0'],
  up: ['up', '--dir', 'dir'],
  'ca init': ['ca', 'init', '--data-dir', 'dir', '--name', 'Name', '--base-url', 'http://ca'],
  'ca issue': ['ca', 'issue', '--data-dir', 'dir'],
  'ca revoke': ['ca', 'revoke', 'serial', '--data-dir', 'dir'],
  'ca list': ['ca', 'list', '--data-dir', 'dir'],
  'ca serve': ['ca', 'serve', '--data-dir', 'dir', '--port', '0'],
};

const usage = { code: 'USAGE', message: expect.stringMatching(/^error: /) };

describe('wrong use of the command line', () => {
  it.each(Object.entries(commands))('%s refuses an option it does not have', async (_name, args) => {
    const ran = await jpl(place, ...args, '--no-such-option');
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain("unknown option '--no-such-option'");
  });

  it.each(Object.entries(commands))('%s refuses an argument too many', async (_name, args) => {
    const ran = await jpl(place, ...args, 'one', 'two');
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain('too many arguments');
  });

  it.each([
    ['verify', "missing required argument 'file'"],
    ['install', "missing required argument 'file-or-id'"],
    ['uninstall', "missing required argument 'id'"],
    ['info', "missing required argument 'id'"],
    ['rollback', "missing required argument 'id'"],
    ['adopt', "missing required argument 'id'"],
    ['load', "missing required argument 'id'"],
    ['preferences', "missing required argument 'id'"],
    ['pin', "missing required argument 'id'"],
    ['unpin', "missing required argument 'id'"],
    ['skip', "missing required argument 'id'"],
    ['hold Id', "missing required argument 'days'"],
    ['pack', "missing required argument 'dir'"],
    ['sign file --cert pem', "required option '--key <pem>' not specified"],
    ['sign file --key key', "required option '--cert <pem>' not specified"],
    ['csr', "required option '--cn <name>' not specified"],
    ['store add name --root pem --sha256 hex', "missing required argument 'url'"],
    ['store add name https://store --sha256 hex', "required option '--root <pem>' not specified"],
    ['store add name https://store --root pem', "required option '--sha256 <hex>' not specified"],
    ['store remove', "missing required argument 'name'"],
    ['store serve --port 0', "required option '--data-dir <dir>' not specified"],
    ['store serve --data-dir dir', "required option '--port <n>' not specified"],
    ['up', "required option '--dir <dir>' not specified"],
    ['ca init --data-dir dir --name Name', "required option '--base-url <url>' not specified"],
    ['ca init --data-dir dir --base-url http://ca', "required option '--name <cn>' not specified"],
    ['ca revoke --data-dir dir', "missing required argument 'certificate'"],
    ['ca serve --data-dir dir', "required option '--port <n>' not specified"],
    ['verify file --data-dir', 'argument missing'],
    ['verfy file', "unknown command 'verfy'"],
    ['store shut', "unknown command 'shut'"],
  ])('jpl %s', async (line, message) => {
    const ran = await jpl(place, ...line.split(' '));
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain(message);
    const [first, ...others] = ran.err.split('\n');
    expect([first?.startsWith('error: '), others.join()]).toEqual([true, expect.stringContaining('--help')]);
  });

  it.each([
    ['verify file --at yesterday', 'an instant as in'],
    ['verify file --at 2026-02-30T00:00:00Z', 'an instant as in'],
    ['install file --at 2026-11-22', 'an instant as in'],
    ['daemon --at 12', 'an instant as in'],
    ['verify file --revocation sometimes', 'one of required, when-named, off is needed'],
    ['install file --revocation OFF', 'one of required, when-named, off is needed'],
    ['store serve --data-dir dir --port 65536', 'a port from 0 to 65535 is needed'],
    ['ca serve --data-dir dir --port http', 'a port from 0 to 65535 is needed'],
    ['log --after -1', 'a whole number from 0'],
    ['log --after 1.5', 'a whole number from 0'],
    ['log --limit 0', 'a whole number from 1 to 1000'],
    ['log --limit 1001', 'a whole number from 1 to 1000'],
    ['hold Id 366', 'a whole number from 0 to 365'],
    ['hold Id few', 'a whole number from 0 to 365'],
    ['auto-update maybe', 'Allowed choices are on, off'],
    ['csr --cn Name --key-type dsa', 'Allowed choices are'],
    ['ca issue --data-dir dir --kind root', 'Allowed choices are'],
    ['ca issue --data-dir dir --days 0', 'a number of days is needed'],
  ])('jpl %s', async (line, message) => {
    const ran = await jpl(place, ...line.split(' '));
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain(message);
  });

  it.each([
    ['verify'],
    ['install'],
    ['list'],
    ['store', 'list'],
    ['ca', 'list'],
    ['search'],
    ['pack', 'x'],
    ['csr'],
  ])('is one JSON object for programs: %s', async (...line) => {
    const ran = await jpl(place, ...line, '--json', '--no-such-option');
    expect(ran.code).toBe(2);
    expect(ran.json()).toMatchObject(usage);
  });

  it('gives programs the fields they know, also in a failure', async () => {
    const verify = await jpl(place, 'verify', '--json');
    expect(verify.json()).toEqual({
      accepted: false,
      id: null,
      version: null,
      publisher: null,
      ...usage,
      files: 0,
      bytes: 0,
      elapsedMs: 0,
      path: [],
      revocation: [],
    });
    const install = await jpl(place, 'install', '--json');
    expect(install.json()).toEqual({ installed: false, id: null, version: null, ...usage, resultCode: -1 });
  });

  it.each([[[]], [['store']], [['ca']]])('shows what there is: jpl %j', async (args) => {
    const ran = await jpl(place, ...args);
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain('Usage: jpl');
  });

  it.each([
    ['update', 'either ids or --all is needed'],
    ['update Id --all', 'either ids or --all is needed'],
    ['update One Two --accept-publisher ab', '--accept-publisher is about one plugin'],
    ['update --all --accept-publisher ab', '--accept-publisher is about one plugin'],
    ['skip Id newest', '"newest" is no version'],
    ['skip Id 1.0 --undo', '--undo takes no version'],
    ['log --updates --after 3', '--updates'],
    ['ca list', 'OPTION_MISSING'],
  ])('jpl %s: %s', async (line, message) => {
    const ran = await jpl(place, ...line.split(' '));
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain(message);
  });

  it('made nothing', async () => {
    expect(await namesIn(folder.path)).toEqual(['file']);
  });
});

describe('help', () => {
  it.each(Object.keys(commands))('of %s is on stdout, and no failure', async (name) => {
    const ran = await jpl(place, ...name.split(' '), '--help');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain(`Usage: jpl ${name}`);
  });

  it('names every command', async () => {
    const { code, out } = await jpl(place, '--help');
    expect(code).toBe(0);
    for (const name of Object.keys(commands))
      expect(out).toMatch(new RegExp(`^  ${name.split(' ')[0]}\\b`, 'm'));
  });

  it('has a version', async () => {
    expect(await jpl(place, '--version')).toMatchObject({ code: 0, out: '0.1.0\n', err: '' });
  });
});

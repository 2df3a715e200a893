import { describe, expect, it } from 'vitest';
import { planInstalledTree } from './installed-tree.js';
import { currentPlatform, libraryOf, platforms, platformsOf } from './platform.js';

const entriesOf = (...names: string[]) =>
  names.map((name) => ({ name, kind: name.endsWith('/') ? ('directory' as const) : ('file' as const) }));
const plan = (platform: string, ...names: string[]) =>
  planInstalledTree(entriesOf(...names), platform, { id: 'Greeter' });

describe('planInstalledTree', () => {
  it('lifts the libraries of the platform to the root and leaves the others out', () => {
    const tree = plan(
      'x86_64-linux-gnu',
      'manifest.json',
      'data/',
      'data/icon.png',
      'lib/',
      'lib/x86_64-linux-gnu/',
      'lib/x86_64-linux-gnu/libGreeter.so',
      'lib/arm64-v8a/libGreeter.so',
      'lib/x64-windows/Greeter.dll',
      'Greeter.crt',
      'signatures',
      'signatures.sig',
    );
    expect(Object.fromEntries(tree.files)).toEqual({
      'manifest.json': 'manifest.json',
      'data/icon.png': 'data/icon.png',
      'lib/x86_64-linux-gnu/libGreeter.so': 'libGreeter.so',
      'Greeter.crt': 'Greeter.crt',
      signatures: 'signatures',
      'signatures.sig': 'signatures.sig',
    });
    expect(tree.directories).toEqual(['data']);
  });

  it('keeps all else at its path', () => {
    const names = [
      'data/models/person.json',
      'data/lib/x86_64-linux-gnu/libX.so',
      'lib/readme.txt',
      'lib/a/b/c',
      'mylib/a/b',
      'data/empty/',
    ];
    const tree = plan('x86_64-linux-gnu', ...names);
    expect([...tree.files]).toEqual(names.slice(0, 5).map((name) => [name, name]));
    expect(tree.directories).toEqual([
      'data',
      'data/empty',
      'data/lib',
      'data/lib/x86_64-linux-gnu',
      'data/models',
      'lib',
      'lib/a',
      'lib/a/b',
      'mylib',
      'mylib/a',
    ]);
  });

  it('takes a package of data only for every platform', () => {
    expect(plan('unknown', 'manifest.json').files.size).toBe(1);
  });

  it('says which platforms there are when this one is not', () => {
    const names = ['manifest.json', 'lib/x64-windows/G.dll', 'lib/arm64-v8a/libG.so'];
    expect(() => plan('x86_64-linux-gnu', ...names)).toThrowError(
      expect.objectContaining({
        code: 'PLATFORM_UNSUPPORTED',
        message: expect.stringContaining('arm64-v8a, x64-windows'),
      }),
    );
  });

  it.each([
    ['manifest.json', 'lib/unknown/manifest.json'],
    ['manifest.json', 'lib/unknown/MANIFEST.JSON'],
    ['lib/unknown/data', 'data/icon.png'],
    ['signatures', 'lib/unknown/signatures'],
  ])('refuses %s beside %s', (first, second) => {
    expect(() => plan('unknown', first, second)).toThrowError(
      expect.objectContaining({ code: 'INSTALLED_NAME_COLLISION', entry: second }),
    );
  });

  it.each([
    'preferences.msgpack',
    'Preferences.msgpack',
    'lib/unknown/preferences.msgpack',
    'preferences.msgpack/',
    'preferences.msgpack/x',
  ])('keeps the place of the preferences from %s', (name) => {
    expect(() => plan('unknown', name)).toThrowError(
      expect.objectContaining({ code: 'INSTALLED_NAME_RESERVED', entry: name }),
    );
  });

  it('lets the preferences of another folder be', () => {
    expect(plan('unknown', 'data/preferences.msgpack').files.size).toBe(1);
  });
});

describe('platforms', () => {
  it('name libraries exactly', () => {
    expect(libraryOf('lib/iphone/libX.a')).toEqual({ platform: 'iphone', file: 'libX.a' });
    for (const name of [
      'lib/',
      'lib/x/',
      'lib/libX.so',
      'lib/x/y/libX.so',
      'data/lib/x/libX.so',
      'Lib/x/libX.so',
    ]) {
      expect(libraryOf(name)).toBeUndefined();
    }
    expect(platformsOf(entriesOf('lib/b/x', 'lib/a/x', 'lib/b/y', 'data/x'))).toEqual(['a', 'b']);
  });

  it('are told from the host', () => {
    expect(currentPlatform({ platform: 'linux', arch: 'x64' })).toBe('x86_64-linux-gnu');
    expect(currentPlatform({ platform: 'darwin', arch: 'arm64' })).toBe('arm64-apple-Darwin');
    expect(currentPlatform({ platform: 'win32', arch: 'x64' })).toBe('x64-windows');
    expect(currentPlatform({ platform: 'sunos', arch: 'x64' })).toBe('unknown');
    expect(platforms).toContain(currentPlatform());
  });
});

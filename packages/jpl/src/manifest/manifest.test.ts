import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JplError } from '../error.js';
import { manifestNamesCertificate, parseManifest } from './manifest.js';
import { isPluginId } from './plugin-id.js';

const parse = (json: unknown) => parseManifest(Buffer.from(JSON.stringify(json)));
const valid = { name: 'Greeter', version: '1.0.0' };

describe('parseManifest', () => {
  it('fills in what Jami fills in', () => {
    expect(parse(valid)).toEqual({
      id: 'Greeter',
      name: 'Greeter',
      description: '',
      version: '1.0.0',
      iconPath: 'data/icon.png',
      backgroundPath: 'data/background.jpg',
    });
  });

  it('takes what is there, and leaves unknown keys alone', () => {
    const json = {
      ...valid,
      id: 'greeter',
      description: '{{description}}',
      iconPath: 'i/icon.svg',
      backgroundPath: '',
      x: [1],
    };
    expect(parse(json)).toEqual({
      id: 'greeter',
      name: 'Greeter',
      description: '{{description}}',
      version: '1.0.0',
      iconPath: 'data/i/icon.svg',
      backgroundPath: 'data/background.jpg',
    });
  });

  it.each<[string, string | Buffer, string]>([
    ['nothing', '', 'MANIFEST_MALFORMED'],
    ['an array', '[]', 'MANIFEST_MALFORMED'],
    ['null', 'null', 'MANIFEST_MALFORMED'],
    ['a trailing comma', '{"name":"a","version":"1",}', 'MANIFEST_MALFORMED'],
    ['a comment', '{"name":"a","version":"1"} // hi', 'MANIFEST_MALFORMED'],
    ['two documents', '{"name":"a","version":"1"}{}', 'MANIFEST_MALFORMED'],
    ['a byte order mark', '\ufeff{"name":"a","version":"1"}', 'MANIFEST_MALFORMED'],
    ['UTF-16', Buffer.from('{"name":"a","version":"1"}', 'utf16le'), 'MANIFEST_MALFORMED'],
    ['Latin-1', Buffer.from('{"name":"caf\xe9","version":"1"}', 'latin1'), 'MANIFEST_MALFORMED'],
    ['a key twice', '{"name":"a","version":"1","name":"b"}', 'MANIFEST_DUPLICATE_KEY'],
    ['a key twice in two spellings', '{"name":"a","version":"1","n\\u0061me":"b"}', 'MANIFEST_DUPLICATE_KEY'],
    ['a key twice further down', '{"name":"a","version":"1","x":[{"y":1,"y":2}]}', 'MANIFEST_DUPLICATE_KEY'],
    ['half a surrogate pair', '{"name":"a\\ud83d","version":"1"}', 'MANIFEST_MALFORMED'],
    ['half a surrogate pair in a key', '{"name":"a","version":"1","\\udc00":[1]}', 'MANIFEST_MALFORMED'],
    [
      'half a surrogate pair further down',
      '{"name":"a","version":"1","x":["\\ud800x"]}',
      'MANIFEST_MALFORMED',
    ],
    [
      'deep nesting',
      `{"name":"a","version":"1","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'MANIFEST_MALFORMED',
    ],
    ['no name', '{"version":"1"}', 'MANIFEST_MALFORMED'],
    ['an empty name', '{"name":" ","version":"1"}', 'MANIFEST_MALFORMED'],
    ['a name in another type', '{"name":1,"version":"1"}', 'MANIFEST_MALFORMED'],
    ['a name that turns text around', '{"name":"a\\u202eb","id":"a","version":"1"}', 'MANIFEST_MALFORMED'],
    ['a name over two lines', '{"name":"a\\nb","id":"a","version":"1"}', 'MANIFEST_MALFORMED'],
    ['no version', '{"name":"a"}', 'MANIFEST_MALFORMED'],
    ['a number as version', '{"name":"a","version":1}', 'MANIFEST_MALFORMED'],
    ['a word as version', '{"name":"a","version":"new"}', 'VERSION_INVALID'],
    ['null as id', '{"name":"a","version":"1","id":null}', 'MANIFEST_MALFORMED'],
    ['an empty id', '{"name":"a","version":"1","id":""}', 'PLUGIN_ID_INVALID'],
    ['an id that leaves the folder', '{"name":"a","version":"1","id":"../../x"}', 'PLUGIN_ID_INVALID'],
    ['a name that cannot be an id', '{"name":"{{name}}","version":"1"}', 'PLUGIN_ID_INVALID'],
    ['an icon outside', '{"name":"a","version":"1","iconPath":"../../icon.png"}', 'MANIFEST_MALFORMED'],
    ['a folder as icon', '{"name":"a","version":"1","iconPath":"x/"}', 'MANIFEST_MALFORMED'],
    [
      'an endless description',
      JSON.stringify({ ...valid, description: 'x'.repeat(20_000) }),
      'MANIFEST_MALFORMED',
    ],
    ['a megabyte', Buffer.alloc(1024 * 1024 + 1, ' '), 'MANIFEST_MALFORMED'],
  ])('refuses %s', (_, text, code) => {
    expect(() => parseManifest(Buffer.from(text))).toThrowError(
      expect.objectContaining({ name: 'JplError', code }),
    );
  });

  it('takes names of object members as keys, without being moved by them', () => {
    const manifest = parseManifest(
      Buffer.from('{"__proto__":{"id":"evil"},"name":"a","version":"1","constructor":1}'),
    );
    expect(manifest.id).toBe('a');
  });

  it('ends in a manifest or a JplError, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'small' }), (json) => {
        try {
          return parseManifest(Buffer.from(json)).id !== '';
        } catch (error) {
          return error instanceof JplError;
        }
      }),
    );
  });

  it('goes with its own certificate only', () => {
    expect(() => manifestNamesCertificate(parse(valid), 'Greeter.crt')).not.toThrow();
    for (const name of ['greeter.crt', 'Greeter.CRT', 'Other.crt', 'Greeter']) {
      expect(() => manifestNamesCertificate(parse(valid), name)).toThrowError(
        expect.objectContaining({ code: 'CERTIFICATE_NAME_MISMATCH', entry: name }),
      );
    }
  });
});

describe('plugin ids', () => {
  it.each(['Greeter', 'a', '0', 'My Plugin', 'a.b-c_d', 'x'.repeat(64), 'console', 'COM10'])(
    'may be %j',
    (id) => {
      expect(isPluginId(id)).toBe(true);
    },
  );

  it.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '.hidden',
    ' a',
    'a ',
    'a.',
    '-a',
    '_a',
    'é',
    'a\n',
    'a:b',
    'a*',
    'x'.repeat(65),
    'CON',
    'nul',
    'aux.plugin',
    'com1',
    'LPT9.x',
    'PLUGIN~1',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
  ])('may not be %j', (id) => {
    expect(isPluginId(id)).toBe(false);
  });
});

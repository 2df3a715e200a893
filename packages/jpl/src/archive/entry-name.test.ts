import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryNameProblem, foldName } from './entry-name.js';
import { defaultArchiveLimits } from './limits.js';
import { rawZip } from './raw-zip-fixtures.js';
import { refusalOf } from './refusal-fixtures.js';

describe('names', () => {
  it.each([
    ['', 'NAME_EMPTY'],
    ['/etc/passwd', 'NAME_ABSOLUTE'],
    ['/', 'NAME_ABSOLUTE'],
    ['//server/share', 'NAME_ABSOLUTE'],
    ['C:/Windows', 'NAME_ABSOLUTE'],
    ['c:evil', 'NAME_ABSOLUTE'],
    ['..', 'NAME_TRAVERSAL'],
    ['../evil', 'NAME_TRAVERSAL'],
    ['data/../../evil', 'NAME_TRAVERSAL'],
    ['data/..', 'NAME_TRAVERSAL'],
    ['data/\u2025/evil', 'NAME_TRAVERSAL'],
    ['.', 'NAME_NOT_CANONICAL'],
    ['./manifest.json', 'NAME_NOT_CANONICAL'],
    ['data//icon.png', 'NAME_NOT_CANONICAL'],
    ['data/./icon.png', 'NAME_NOT_CANONICAL'],
    ['data//', 'NAME_NOT_CANONICAL'],
    ['data\u{ff0f}icon.png', 'NAME_NOT_CANONICAL'],
    ['data/\u2024', 'NAME_NOT_CANONICAL'],
    ['e\u0301.txt', 'NAME_NOT_CANONICAL'],
    ['data/\u1112\u1161\u11ab/x', 'NAME_NOT_CANONICAL'],
    ['a\u0340', 'NAME_NOT_CANONICAL'],
    ['\u212aelvin', 'NAME_NOT_CANONICAL'],
    ['libx.so;1', 'NAME_NOT_CANONICAL'],
    ['libx.so;', 'NAME_NOT_CANONICAL'],
    ['d;12/x', 'NAME_NOT_CANONICAL'],
    ['..\\evil', 'NAME_BACKSLASH'],
    ['data\\icon.png', 'NAME_BACKSLASH'],
    ['a\u0000b', 'NAME_CONTROL_CHARACTER'],
    ['a\nb', 'NAME_CONTROL_CHARACTER'],
    ['a\u007fb', 'NAME_CONTROL_CHARACTER'],
    ['a\u0085b', 'NAME_CONTROL_CHARACTER'],
    ['gnp.\u202enosj', 'NAME_BIDI_CHARACTER'],
    ['a\u2066b', 'NAME_BIDI_CHARACTER'],
    ['a\u061cb', 'NAME_BIDI_CHARACTER'],
    ['mani\u200dfest.json', 'NAME_INVISIBLE_CHARACTER'],
    ['\ufeffmanifest.json', 'NAME_INVISIBLE_CHARACTER'],
    ['a\u2028b', 'NAME_INVISIBLE_CHARACTER'],
    ['a\u00adb', 'NAME_INVISIBLE_CHARACTER'],
    ['a\u{f05c}b', 'NAME_INVISIBLE_CHARACTER'],
    ['a\u{fdd0}b', 'NAME_INVISIBLE_CHARACTER'],
    ['a\u{e0041}b', 'NAME_INVISIBLE_CHARACTER'],
    ['a<b', 'NAME_FORBIDDEN_CHARACTER'],
    ['a>b', 'NAME_FORBIDDEN_CHARACTER'],
    ['icon.png:stream', 'NAME_FORBIDDEN_CHARACTER'],
    ['a"b', 'NAME_FORBIDDEN_CHARACTER'],
    ['a|b', 'NAME_FORBIDDEN_CHARACTER'],
    ['a?b', 'NAME_FORBIDDEN_CHARACTER'],
    ['a*b', 'NAME_FORBIDDEN_CHARACTER'],
    ['data./icon', 'NAME_TRAILING_DOT_OR_SPACE'],
    ['icon.', 'NAME_TRAILING_DOT_OR_SPACE'],
    ['icon ', 'NAME_TRAILING_DOT_OR_SPACE'],
    ['data /', 'NAME_TRAILING_DOT_OR_SPACE'],
    ['...', 'NAME_TRAILING_DOT_OR_SPACE'],
    ['CON', 'NAME_DEVICE'],
    ['data/con', 'NAME_DEVICE'],
    ['CON.txt', 'NAME_DEVICE'],
    ['nul.tar.gz', 'NAME_DEVICE'],
    ['aux .c', 'NAME_DEVICE'],
    ['lpt1/x', 'NAME_DEVICE'],
    ['COM\u00b9', 'NAME_DEVICE'],
    ['COM0', 'NAME_DEVICE'],
    ['CONIN$', 'NAME_DEVICE'],
    ['\u{ff23}on', 'NAME_DEVICE'],
    ['PROGRA~1', 'NAME_SHORT_ALIAS'],
    ['data/MANIFE~1.JSO', 'NAME_SHORT_ALIAS'],
    ['__MACOSX/._icon.png', 'NAME_RESOURCE_FORK'],
    ['__macosx/', 'NAME_RESOURCE_FORK'],
    [`${'é'.repeat(128)}`, 'NAME_COMPONENT_TOO_LONG'],
    [`data/${'x'.repeat(256)}`, 'NAME_COMPONENT_TOO_LONG'],
    ['\ufdfa'.repeat(8), 'NAME_COMPONENT_TOO_LONG'],
    [`${'x'.repeat(200)}/`.repeat(6), 'NAME_TOO_LONG'],
    ['d/'.repeat(33), 'NAME_TOO_DEEP'],
  ])('refuses %j as %s', async (name, code) => {
    expect(entryNameProblem(name, defaultArchiveLimits)?.code).toBe(code);
    // Whatever else the reader looks at, the name is refused in an archive as well.
    expect(await refusalOf(rawZip([{ name, content: name.endsWith('/') ? '' : 'x' }]))).toMatchObject({
      code,
    });
  });

  it.each([
    'manifest.json',
    'data/locale/TestSuite_fr.json',
    'lib/x86_64-linux-gnu/libTestSuite.so',
    '.hidden',
    '..two-dots',
    'with space.txt',
    'été/日本語.txt',
    'console.log',
    'COM10',
    'com',
    'draft~1-final.txt',
    'backup~',
    'x'.repeat(255),
    'd/'.repeat(32),
    'signature²',
    'wait…txt',
    'a;b',
    '1;2.txt',
  ])('takes %j', async (name) => {
    expect(entryNameProblem(name, defaultArchiveLimits)).toBeUndefined();
    expect(await refusalOf(rawZip([{ name }]))).toBeUndefined();
  });

  it('refuses names that are not UTF-8 or do not say so', async () => {
    const overlong = Buffer.from([0x61, 0xc0, 0xaf, 0x62]);
    const surrogate = Buffer.from([0xed, 0xa0, 0x80]);
    for (const name of [Buffer.from([0x80]), Buffer.from('caf\xe9', 'latin1'), overlong, surrogate]) {
      expect(await refusalOf(rawZip([{ name }]))).toMatchObject({ code: 'NAME_NOT_UTF8' });
    }
    const unmarked = { flags: 0 };
    expect(await refusalOf(rawZip([{ name: 'é', local: unmarked, central: unmarked }]))).toMatchObject({
      code: 'NAME_CHARSET_AMBIGUOUS',
      entry: 'é',
    });
  });

  it('fold the same however often they are folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => foldName(foldName(name)) === foldName(name)),
      { numRuns: 2_000 },
    );
  });

  it('are taken or refused, never a surprise', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const problem = entryNameProblem(name, defaultArchiveLimits);
        return problem === undefined || (problem.code.startsWith('NAME_') && problem.reason !== '');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('names together', () => {
  it.each([
    ['one name twice', ['a.txt', 'a.txt'], 'DUPLICATE_NAME'],
    ['one folder twice', ['d/', 'd/'], 'DUPLICATE_NAME'],
    ['a folder again after its files', ['d/', 'd/x', 'd/'], 'DUPLICATE_NAME'],
    ['case', ['manifest.json', 'Manifest.json'], 'NAME_COLLISION'],
    ['case of a folder', ['data/x', 'Data/y'], 'NAME_COLLISION'],
    ['case beyond ASCII', ['É', 'é'], 'NAME_COLLISION'],
    ['sharp s', ['straße', 'STRASSE'], 'NAME_COLLISION'],
    ['dotless i', ['ı', 'I'], 'NAME_COLLISION'],
    ['the long s', ['\u017f', 's'], 'NAME_COLLISION'],
    ['final sigma', ['ς', 'σ'], 'NAME_COLLISION'],
    ['two forms of Hangul', ['\u{ffa1}', '\u1100'], 'NAME_COLLISION'],
    ['full width', ['\u{ff41}', 'a'], 'NAME_COLLISION'],
    ['a ligature', ['\u{fb01}le', 'file'], 'NAME_COLLISION'],
    ['a file and a folder', ['a', 'a/'], 'FILE_FOLDER_COLLISION'],
    ['a file and what lies in it', ['a', 'a/b'], 'FILE_FOLDER_COLLISION'],
    ['a file after what lies in it', ['a/b/c', 'a/b'], 'FILE_FOLDER_COLLISION'],
    ['a file and a folder of other case', ['A', 'a/b'], 'FILE_FOLDER_COLLISION'],
  ])('refuse %s', async (_, names, code) => {
    expect(await refusalOf(rawZip(names.map((name) => ({ name }))))).toMatchObject({
      code,
      entry: names.at(-1),
    });
  });

  it('may share folders', async () => {
    const names = ['d/', 'd/a', 'd/e/', 'd/e/b', 'e/b', 'b'];
    expect(await refusalOf(rawZip(names.map((name) => ({ name }))))).toBeUndefined();
  });
});

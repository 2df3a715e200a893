import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { en } from './en.js';
import { failuresEn } from './failures-en.js';
import { failuresFr } from './failures-fr.js';
import { fr } from './fr.js';
import type { TextsLike } from './start-texts.js';

const sources = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(sources, name), 'utf8') }));

/** Every text by its whole key. */
function flat(texts: TextsLike, prefix = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') all.set(prefix + key, value);
    else for (const [rest, text] of flat(value, `${prefix}${key}.`)) all.set(rest, text);
  }
  return all;
}

const withoutPlural = (key: string): string => key.replace(/_(zero|one|two|few|many|other)$/, '');
const placeholders = (text: string): string[] =>
  [...new Set(text.match(/\{\{\w+\}\}|<\/?\w+>/g) ?? [])].sort();
const pairs = [
  { name: 'the page', english: flat(en), french: flat(fr) },
  { name: 'failures', english: flat(failuresEn), french: flat(failuresFr) },
];

describe.each(pairs)('the words of $name', ({ english, french }) => {
  it('are the same in both languages, key by key', () => {
    const keys = (texts: Map<string, string>): string[] =>
      [...new Set([...texts.keys()].map(withoutPlural))].sort();
    expect(keys(french)).toEqual(keys(english));
  });

  it('have every plural ending their language uses', () => {
    const endings = { en: ['one', 'other'], fr: ['one', 'many', 'other'] };
    for (const [language, texts] of [
      ['en', english],
      ['fr', french],
    ] as const) {
      expect(new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort()).toEqual(
        [...endings[language]].sort(),
      );
      const counted = [...texts.keys()].filter((key) => key.endsWith('_other')).map(withoutPlural);
      const missing = counted.flatMap((key) => endings[language].map((ending) => `${key}_${ending}`));
      expect(missing.filter((key) => !texts.has(key))).toEqual([]);
    }
  });

  it('say the same names, figures and marks', () => {
    const differing = [...english].filter(([key, text]) => {
      const other = french.get(key);
      return other !== undefined && String(placeholders(other)) !== String(placeholders(text));
    });
    expect(differing.map(([key]) => key)).toEqual([]);
  });

  it('are never empty, but where there is nothing to say', () => {
    const empty = [...english, ...french].filter(([, text]) => text.trim() === '').map(([key]) => key);
    expect(empty.filter((key) => !/^advice\.\w+\.[bc]$|^trust\.source\.none$/.test(key))).toEqual([]);
  });

  it('close every tag they open, and know bold and code only', () => {
    for (const [key, text] of [...english, ...french]) {
      const tags = text.match(/<\/?\w+>/g) ?? [];
      expect([key, tags.filter((tag) => !/^<\/?(b|code)>$/.test(tag))]).toEqual([key, []]);
      expect([key, tags.filter((tag) => tag[1] !== '/').length]).toEqual([key, tags.length / 2]);
    }
  });
});

describe('French', () => {
  it('is written as French is: no straight apostrophe, a space before two-part marks', () => {
    const wrong = [...flat(fr), ...flat(failuresFr)].filter(
      ([, text]) => /\w'\w/.test(text) || /[\p{L}\d»}>][:;?!](\s|$)/u.test(text.replaceAll(/<\/?\w+>/g, '')),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the sources', () => {
  it('use every key, and every template has its keys', () => {
    const code = files
      .filter(({ name }) => !name.startsWith('texts/'))
      .map(({ text }) => text)
      .join('\n');
    const named = new Set(
      [...code.matchAll(/['"`](?:failures:)?([\w-]+(?:\.[\w-]+)+)['"`]/g)].map(([, key = '']) => key),
    );
    const names = new Set([...code.matchAll(/t\(\s*['"](\w+)['"]/g)].map(([, key = '']) => key));
    const beginnings = [...code.matchAll(/`(?:failures:)?([\w-]+\.[\w.-]*)\$\{/g)].map(
      ([, start = '']) => start,
    );
    const isUsed = (key: string): boolean =>
      named.has(withoutPlural(key)) || names.has(key) || beginnings.some((start) => key.startsWith(start));
    // Categories are looked up by their own names.
    const unused = [...flat(en).keys()].filter((key) => !key.startsWith('categories.') && !isUsed(key));
    expect(unused).toEqual([]);
  });

  it('hold no text that a user would read', () => {
    const found = files
      .filter(({ name }) => name.endsWith('.tsx'))
      .flatMap(({ name, text }) => textsIn(name, text).map((words) => `${name}: ${words}`));
    expect(found).toEqual([]);
  });
});

const spokenAttributes = new Set([
  'aria-label',
  'aria-description',
  'aria-valuetext',
  'title',
  'placeholder',
  'alt',
  'label',
]);
/** Not words of a language: commands, the mark of a key, a code. */
const allowed = new Set([
  '/',
  'jpl daemon',
  'jpl page',
  'jpl store add NAME URL --root PEM --sha256 HEX',
  'PAGE_FAULT ',
]);

/** Literal texts that an expression may come out as. */
function resultsOf(expression: ts.Expression | undefined): string[] {
  if (expression === undefined) return [];
  if (ts.isParenthesizedExpression(expression)) return resultsOf(expression.expression);
  if (ts.isConditionalExpression(expression)) {
    return [...resultsOf(expression.whenTrue), ...resultsOf(expression.whenFalse)];
  }
  if (ts.isBinaryExpression(expression)) {
    const { left, right, operatorToken } = expression;
    if (operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) return resultsOf(right);
    const isChoice = [ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken].includes(
      operatorToken.kind,
    );
    return isChoice ? [...resultsOf(left), ...resultsOf(right)] : [];
  }
  if (ts.isTemplateExpression(expression)) {
    return [expression.head, ...expression.templateSpans.map(({ literal }) => literal)]
      .map(({ text }) => text)
      .filter((text) => /\p{L}/u.test(text));
  }
  return ts.isStringLiteralLike(expression) && /\p{L}/u.test(expression.text) ? [expression.text] : [];
}

/** Literal words between tags and in attributes that are read out. */
function textsIn(name: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(node.text.trim());
    if (
      ts.isJsxAttribute(node) &&
      spokenAttributes.has(node.name.getText()) &&
      node.initializer !== undefined
    ) {
      if (ts.isStringLiteral(node.initializer) && /\p{L}/u.test(node.initializer.text))
        found.push(node.initializer.text);
    }
    if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent))
      found.push(...resultsOf(node.expression));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TSX));
  return found.filter((words) => !allowed.has(words));
}

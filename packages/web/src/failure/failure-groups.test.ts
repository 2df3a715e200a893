import { clientErrorTable, packageErrorTable, trustErrorTable } from '@jami-plugin-store/contract';
import { describe, expect, it } from 'vitest';
import { failuresEn } from '../texts/failures-en.js';
import { failuresFr } from '../texts/failures-fr.js';
import { startTexts } from '../texts/start-texts.js';
import { type FailureGroup, failureGroupOf, isListed } from './failure-groups.js';
import { adviceKeysOf, explanationOf, sentenceOf } from './failure-words.js';

const codes = Object.keys(failuresEn.sentences);

describe('the table of reasons', () => {
  it.each([
    ['a package', packageErrorTable],
    ['the judge', trustErrorTable],
    ['the client', clientErrorTable],
  ])('has a sentence and advice for every code of %s', (_of, table) => {
    expect(Object.keys(table).filter((code) => !codes.includes(code) || !isListed(code))).toEqual([]);
  });

  it('groups exactly the codes it has sentences for', () => {
    expect(codes.filter((code) => !isListed(code))).toEqual([]);
    expect(codes.filter((code) => failureGroupOf(code) === 'unlisted')).toEqual([]);
    expect(Object.keys(failuresFr.sentences)).toEqual(codes);
  });

  it('has an explanation and at least one step for every group', () => {
    const groups = new Set(codes.map(failureGroupOf)).add('unlisted');
    for (const group of groups) {
      expect([group, failuresEn.explain[group], failuresEn.advice[group].a].every(Boolean)).toBe(true);
      expect([group, failuresFr.explain[group], failuresFr.advice[group].a].every(Boolean)).toBe(true);
    }
    expect(Object.keys(failuresEn.explain).sort()).toEqual([...groups].sort() as FailureGroup[]);
  });

  it.each(['en', 'fr'])('never says "unknown error" (%s)', async (language) => {
    const { t } = await startTexts(language);
    for (const code of codes) {
      const sentence = sentenceOf({ code, message: '' }, t);
      expect(sentence).not.toMatch(/unknown error|erreur inconnue|sentences\./i);
      expect(sentence).toMatch(/[.)]$/);
    }
  });
});

describe('a code nobody told this page of', () => {
  it('is shown in the words of whoever refused, with advice of its own', async () => {
    const { t } = await startTexts('fr');
    const reason = { code: 'MOON_IN_THE_WAY', message: 'The moon stands in the way.' };
    expect(sentenceOf(reason, t)).toBe('The moon stands in the way.');
    expect(explanationOf(reason, t)).toBe(failuresFr.explain.unlisted);
    expect(adviceKeysOf(reason, t)).toHaveLength(2);
  });

  it('may be called like something every object has', async () => {
    const { t } = await startTexts('en');
    expect(sentenceOf({ code: 'constructor', message: 'No.' }, t)).toBe('No.');
  });
});

import { readFileSync } from 'node:fs';
import { publishingErrorTable } from '@jami-plugin-store/contract';
import { expect, test } from 'vitest';
import { type AccessRule, accessTable, scopesOf } from '../access/access-table.js';
import { requestTransitions, type Transition } from './request-states.js';
import { submissionTransitions } from './submission-states.js';

const page = readFileSync(new URL('../../../../docs/publishing.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('docs/publishing.md has every route with its roles and its scope, and no other', () => {
  const documented = rows.filter(
    ([cell = '']) => /^`(GET|HEAD|POST|PUT|PATCH|DELETE) \/v1\/[^`]*`$/.test(cell) && !cell.includes(','),
  );
  const rules: readonly AccessRule[] = accessTable;
  const expected = rules.map(({ method, path, roles, scope }) => [
    `\`${method} ${path}\``,
    roles.join(', '),
    scope === undefined ? '' : `\`${scope}\``,
  ]);
  expect(documented.filter((row) => row.length === 3)).toEqual(expected);
});

test('docs/publishing.md has the scopes of each role', () => {
  for (const [role, scopes] of Object.entries(scopesOf)) {
    const row = rows.find(([cell]) => cell === role);
    expect(row?.[2]).toBe(scopes.map((scope) => `\`${scope}\``).join(', '));
  }
});

test.each([
  ['certificate request', requestTransitions as Readonly<Record<string, Transition<string>>>],
  ['package', submissionTransitions as Readonly<Record<string, Transition<string>>>],
])('docs/publishing.md has every step in the life of a %s', (_, transitions) => {
  for (const [step, { from, to, roles, needsReason }] of Object.entries(transitions)) {
    const before = from.length === 0 ? '–' : from.join(', ');
    const row = rows.find(([name, state, next]) => name === step && state === before && next === to);
    expect([step, row?.[3]]).toEqual([step, roles.join(', ')]);
    if (needsReason) expect(row?.[4]).toBe('needed');
    else expect(['–', 'may be given']).toContain(row?.[4]);
  }
});

test('docs/publishing.md has every code with its status', () => {
  const documented = new Map(
    rows.flatMap(([codes = '', status]) =>
      [...codes.matchAll(/`([A-Z_]+)`/g)].map(([, code = '']) => [code, Number(status)] as const),
    ),
  );
  const expected = Object.entries(publishingErrorTable).map(([code, { status }]) => [code, status]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(expected));
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FixtureCa, type Publisher } from '../judging/package-fixtures.js';
import { PublishingPlace, type Reply } from '../publishing/publishing-fixtures.js';
import { type AccessRole, type AccessRule, accessTable, scopesOf } from './access-table.js';
import { fileOpenRequest } from './requester-fixtures.js';
import { createSecret, secretText } from './secret.js';

let ca: FixtureCa;
let place: PublishingPlace;
const tokens = new Map<AccessRole, string | undefined>();
let publisher: Publisher;

beforeAll(async () => {
  ca = await FixtureCa.create();
  publisher = await ca.publisher('Acme');
  const enough = { burst: 10_000, perSecond: 1_000 };
  const rates = { token: enough, filing: enough, reading: enough, failing: enough };
  place = await PublishingPlace.open({ ca, rates, terms: 'Be kind.' });
  tokens.set('anyone', undefined);
  tokens.set('publisher', (await place.publisher(publisher)).token);
  tokens.set('reviewer', await place.token('reviewer'));
  tokens.set('operator', await place.token('operator'));
  tokens.set('requester', secretText('jpr', requester));
  await fileOpenRequest(place.database, requester);
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await ca[Symbol.asyncDispose]();
});

const requester = createSecret();
const values: Readonly<Record<string, string>> = {
  id: requester.id,
  sha256: 'a'.repeat(64),
  version: '1.0',
  channel: 'stable',
};
const addressOf = ({ path }: AccessRule) =>
  path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? name);

/** Asks with a body that no route takes for good, so that nothing changes. */
const ask = (rule: AccessRule, token: string | undefined): Promise<Reply> =>
  place.call(rule.method, addressOf(rule), {
    token,
    ...(rule.method === 'GET' || rule.method === 'HEAD' ? {} : { body: { nothing: true } }),
  });

/** Refusals that come before a route is reached. */
const turnedAway = new Set([
  'TOKEN_MISSING',
  'ROLE_NOT_ALLOWED',
  'SCOPE_MISSING',
  'SECRET_WRONG',
  'TOKEN_UNKNOWN',
]);
const isTurnedAway = ({ status, json }: Reply): boolean =>
  json === undefined ? status === 401 || status === 403 : turnedAway.has(json.code);

const roles: readonly AccessRole[] = ['anyone', 'requester', 'publisher', 'reviewer', 'operator'];
const rules: readonly AccessRule[] = accessTable;

describe.each(rules.map((rule) => [`${rule.method} ${rule.path}`, rule] as const))('%s', (_, rule) => {
  test.each(roles)('asked by %s', async (role) => {
    const reply = await ask(rule, tokens.get(role));
    // Who has a token may do what anyone may.
    const mayAll = rule.roles.includes('anyone') && role !== 'requester';
    expect([isTurnedAway(reply), reply.status >= 500]).toEqual([
      !(rule.roles.includes(role) || mayAll),
      false,
    ]);
  });

  if (rule.scope === undefined) return;
  test('not without its scope', async () => {
    for (const role of rule.roles) {
      if (role === 'anyone' || role === 'requester') continue;
      const others = scopesOf[role].filter((scope) => scope !== rule.scope);
      const token = await place.token(role, role === 'publisher' ? await organization() : undefined, [
        ...others,
      ]);
      expect((await ask(rule, token)).status).toBe(403);
    }
  });
});

async function organization(): Promise<string> {
  const row = await place.database.queries
    .selectFrom('organizations')
    .select('identity')
    .executeTakeFirstOrThrow();
  return row.identity;
}

test.each([
  ['no bearer', 'Basic abc', 'TOKEN_MALFORMED'],
  ['nothing behind it', 'Bearer ', 'TOKEN_MALFORMED'],
  ['two of them', `Bearer a b`, 'TOKEN_MALFORMED'],
  ['another form', 'Bearer abc', 'TOKEN_MALFORMED'],
  ['one nobody made', `Bearer jpl_${'0'.repeat(16)}_${'0'.repeat(64)}`, 'TOKEN_UNKNOWN'],
  ['a request’s secret for another', `Bearer jpr_${'0'.repeat(16)}_${'0'.repeat(64)}`, 'ROLE_NOT_ALLOWED'],
])('a header with %s is refused, whatever the method', async (_, authorization, code) => {
  for (const method of ['GET', 'POST']) {
    const reply = await place.call(method, '/v1/tokens', { headers: { authorization }, body: {} });
    expect(reply.json.code).toBe(code);
    if (reply.status === 401) expect(reply.headers['www-authenticate']).toBe('Bearer');
  }
});

test('the secret of one request does not open another', async () => {
  const reply = await place.call('GET', '/v1/certificate-requests/0000000000000000', {
    token: secretText('jpr', requester),
  });
  expect([reply.status, reply.json.code]).toEqual([401, 'SECRET_WRONG']);
  const wrong = secretText('jpr', { ...requester, secret: '0'.repeat(64) });
  expect(
    (await place.call('GET', `/v1/certificate-requests/${requester.id}`, { token: wrong })).json.code,
  ).toBe('SECRET_WRONG');
});

test('a body of a route that is refused is not waited for', async () => {
  const headers = { 'content-length': '100000000' };
  const reply = await place.call('PUT', '/v1/packages', { headers }).catch((error) => error);
  expect(reply.json?.code ?? reply.code).toMatch(/TOKEN_MISSING|ECONNRESET/);
});

test('a method that an address does not have is 405 and says which ones it has', async () => {
  const reply = await place.call('POST', '/v1/uploads/0000000000000000', { body: {} });
  expect([reply.status, reply.json.code, reply.headers.allow]).toEqual([
    405,
    'METHOD_NOT_ALLOWED',
    'GET, HEAD, DELETE, PATCH',
  ]);
  expect((await place.call('DELETE', '/v1/audit')).headers.allow).toBe('GET');
  expect((await place.call('GET', '/v1/packages')).headers.allow).toBe('PUT');
});

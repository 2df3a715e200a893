import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readFeed } from '../audit/feed.js';
import { verifyAudit } from '../audit/verify-audit.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { FixtureCa, type PluginWish, type Publisher } from '../judging/package-fixtures.js';
import { PublishingPlace, type Reply } from './publishing-fixtures.js';

let ca: FixtureCa;
let acme: Publisher;
let renewed: Publisher;
let other: Publisher;
beforeAll(async () => {
  ca = await FixtureCa.create();
  [acme, other] = await Promise.all([ca.publisher('Acme'), ca.publisher('Other')]);
  renewed = await ca.anotherPlugin(acme.organization);
});
afterAll(() => ca[Symbol.asyncDispose]());

let place: PublishingPlace;
let token: string;
let organization: string;
let foreign: { organization: string; token: string };
let reviewer: string;
let operator: string;
beforeEach(async () => {
  place = await PublishingPlace.open({ ca });
  ({ token, organization } = await place.publisher(acme));
  foreign = await place.publisher(other);
  [reviewer, operator] = await Promise.all([place.token('reviewer'), place.token('operator')]);
});
afterEach(() => place[Symbol.asyncDispose]());

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const codeOf = ({ status, json }: Reply) => `${status} ${json?.code ?? json?.state ?? ''}`.trim();
const post = (path: string, body: object | undefined, by = token) =>
  place.call('POST', path, { token: by, body: body ?? {} });

/** Hands a package in. */
async function put(
  wish: PluginWish,
  { by = acme, as = token } = {},
): Promise<Reply & { readonly sha256: string }> {
  const body = await place.package(by, wish);
  return { ...(await place.call('PUT', '/v1/packages', { token: as, body })), sha256: sha256Of(body) };
}

/** Hands a package in and has it accepted. */
async function publish(wish: PluginWish, about: Parameters<typeof put>[1] = {}): Promise<string> {
  const { sha256 } = await put(wish, about);
  const reply = await post(`/v1/submissions/${sha256}/accept`, undefined, reviewer);
  if (reply.status !== 200) throw new Error(reply.text);
  return sha256;
}

/** Versions offered for any platform, as the catalog has worked them out. */
const offered = async () => {
  const rows = await place.database.queries
    .selectFrom('offers')
    .innerJoin('packages', 'packages.number', 'offers.package_number')
    .innerJoin('plugins', 'plugins.number', 'packages.plugin_number')
    .select(['plugins.id', 'packages.version', 'packages.revision'])
    .orderBy('plugins.id')
    .execute();
  return rows.map(({ id, version, revision }) => `${id} ${version}${revision > 1 ? ` (${revision})` : ''}`);
};
const feed = async () =>
  (await readFeed(place.database.queries, { limit: 50 })).entries.map(
    ({ action, plugin, version }) => `${action} ${plugin}${version === undefined ? '' : ` ${version}`}`,
  );

describe('a package handed in', () => {
  test('waits for a reviewer, and is offered when one accepts it', async () => {
    const reply = await put({ id: 'Foo' });
    expect(codeOf(reply)).toBe('202 review');
    expect(reply.headers.location).toBe(`/v1/submissions/${reply.sha256}`);
    expect(reply.json).toMatchObject({
      plugin: 'Foo',
      version: '1.0.0',
      name: 'Foo in English',
      revision: 1,
    });
    expect(await offered()).toEqual([]);
    const queue = await place.call('GET', '/v1/submissions?state=review', { token: reviewer });
    expect(queue.json.submissions).toHaveLength(1);
    const accepted = await post(`/v1/submissions/${reply.sha256}/accept`, { reason: 'Looked at' }, reviewer);
    expect(codeOf(accepted)).toBe('200 published');
    expect(await offered()).toEqual(['Foo 1.0.0']);
    const shown = await place.call('GET', `/v1/submissions/${reply.sha256}`, { token });
    expect(shown.json.steps).toMatchObject([
      { action: 'submitted', actor: expect.stringMatching(/^publisher a publisher \[/) },
      { action: 'published', actor: 'reviewer', reason: 'Looked at' },
    ]);
    expect(await feed()).toEqual(['published Foo 1.0.0']);
  });

  test('of a trusted organization is published at once, until it is trusted no longer', async () => {
    const trust = (trusted: boolean, by = operator) =>
      place.call('PUT', `/v1/organizations/${organization}/trust`, {
        token: by,
        body: { trusted, reason: 'Known' },
      });
    expect(codeOf(await trust(true, reviewer))).toBe('403 ROLE_NOT_ALLOWED');
    expect((await trust(true)).json).toMatchObject({ trusted: true, name: 'Acme' });
    expect(codeOf(await put({ id: 'Foo' }))).toBe('201 published');
    expect(await offered()).toEqual(['Foo 1.0.0']);
    await trust(false);
    expect(codeOf(await put({ id: 'Foo', version: '1.1' }))).toBe('202 review');
  });

  test('carries its changelog, its flaws are told, and its bytes are there for who may see them', async () => {
    const body = await place.package(acme, { id: 'Foo', files: { 'data/icon.png': 'none' } });
    const reply = await place.call('PUT', '/v1/packages?changelog=It%20begins', { token, body });
    expect(reply.json).toMatchObject({
      changelog: 'It begins',
      flaws: [expect.stringMatching(/^icon:/), expect.stringMatching(/^background:/)],
    });
    const path = `/v1/submissions/${sha256Of(body)}/package`;
    const bytes = await place.call('GET', path, { token: reviewer });
    expect([bytes.status, bytes.headers['content-length']]).toEqual([200, String(body.length)]);
    expect(codeOf(await place.call('GET', path, { token: foreign.token }))).toBe('403 ORGANIZATION_FOREIGN');
  });

  test('is declined with a reason, which its organization reads', async () => {
    const { sha256 } = await put({ id: 'Foo' });
    const path = `/v1/submissions/${sha256}/decline`;
    expect(codeOf(await post(path, {}, reviewer))).toBe('400 BODY_MALFORMED');
    expect(codeOf(await post(path, { reason: ' \n' }, reviewer))).toBe('422 TEXT_NOT_ALLOWED');
    expect(codeOf(await post(path, { reason: 'a\u202eb' }, reviewer))).toBe('422 TEXT_NOT_ALLOWED');
    expect(codeOf(await post(path, { reason: 'It phones home' }, reviewer))).toBe('200 declined');
    const { json } = await place.call('GET', '/v1/submissions', { token });
    expect(json.submissions).toMatchObject([{ state: 'declined', reason: 'It phones home' }]);
    expect(codeOf(await post(`/v1/submissions/${sha256}/accept`, {}, reviewer))).toBe('409 STATE_CONFLICT');
    // The version is free for another attempt, these bytes are not; and the id is nobody's again.
    expect(codeOf(await put({ id: 'Foo' }))).toBe('409 PACKAGE_DUPLICATE');
    expect(codeOf(await put({ id: 'Foo' }, { by: other, as: foreign.token }))).toBe('202 review');
  });

  test('is taken back by its organization, and may be handed in again', async () => {
    const { sha256 } = await put({ id: 'Foo' });
    const path = `/v1/submissions/${sha256}/withdraw`;
    expect(codeOf(await post(path, undefined, foreign.token))).toBe('403 ORGANIZATION_FOREIGN');
    expect(codeOf(await post(path, undefined))).toBe('200 withdrawn');
    expect(codeOf(await post(path, undefined))).toBe('409 STATE_CONFLICT');
    expect(codeOf(await put({ id: 'Foo' }))).toBe('202 review');
    const { json } = await place.call('GET', `/v1/submissions/${sha256}`, { token });
    expect(json.steps.map(({ action }: { action: string }) => action)).toEqual([
      'submitted',
      'withdrawn',
      'submitted',
    ]);
  });

  test('signed by another organization than the token’s is refused', async () => {
    expect(codeOf(await put({ id: 'Foo' }, { as: foreign.token }))).toBe('403 PUBLISHER_MISMATCH');
    const direct = await ca.issue('Direct plugin');
    const alone = { ...acme, key: direct.key, certificatePem: direct.pem };
    expect(codeOf(await put({ id: 'Foo' }, { by: alone }))).toBe('422 ORGANIZATION_MISSING');
  });

  test('under an id of another organization is refused, whatever its case', async () => {
    await publish({ id: 'Foo' });
    const taken = (id: string) => put({ id, version: '9.0' }, { by: other, as: foreign.token });
    expect(codeOf(await taken('Foo'))).toBe('409 PLUGIN_ID_TAKEN');
    expect(codeOf(await taken('FOO'))).toBe('409 PLUGIN_ID_TAKEN');
    const stored: string[] = [];
    for await (const { sha256 } of place.blobs.list()) stored.push(sha256);
    // The package and its icon: what was refused left nothing behind.
    expect(stored).toHaveLength(2);
  });

  test.each([
    ['an id that is a path', { id: '../x' }],
    ['an id of Windows', { id: 'con' }],
  ])('with %s is refused as an installer would refuse it', async (_, wish) => {
    const entries = { id: 'Foo', manifest: { id: wish.id } };
    expect(codeOf(await put(entries))).toMatch(/^422 (PLUGIN_ID_INVALID|CERTIFICATE_NAME_MISMATCH)$/);
  });

  test.each([
    '/v1/submissions/../../etc',
    '/v1/submissions/%2e%2e%2f',
    `/v1/submissions/${'A'.repeat(64)}`,
    '/v1/submissions/x',
  ])('%s names none', async (path) => {
    const { status } = await place.call('GET', path, { token: reviewer });
    expect([400, 404]).toContain(status);
  });
});

describe('the same content under a renewed certificate', () => {
  const wish = { id: 'Foo', files: { 'data/x': 'content' } };

  test('is a revision of its release, offered at once in place of the one before', async () => {
    await publish(wish);
    const reply = await put(wish, { by: renewed });
    expect([codeOf(reply), reply.json.revision]).toEqual(['201 published', 2]);
    expect(await offered()).toEqual(['Foo 1.0.0 (2)']);
    expect(await feed()).toEqual(['published Foo 1.0.0', 'revised Foo 1.0.0']);
  });

  test('is none where anything differs, or where the certificate is the same', async () => {
    await publish(wish);
    const different = { ...wish, files: { 'data/x': 'Content' } };
    expect(codeOf(await put(different, { by: renewed }))).toBe('409 VERSION_TAKEN');
    // The same entries packed otherwise: other bytes, the same certificate.
    expect(codeOf(await put({ ...wish, stored: true }))).toBe('409 VERSION_TAKEN');
  });

  test('waits for a reviewer where the content was never published', async () => {
    const { sha256 } = await put(wish);
    expect(codeOf(await put(wish, { by: renewed }))).toBe('202 review');
    await post(`/v1/submissions/${sha256}/decline`, { reason: 'no' }, reviewer);
    expect(await offered()).toEqual([]);
  });
});

describe('a published version', () => {
  const step = (
    name: 'yank' | 'unyank',
    version: string,
    body: object = { reason: 'It crashes' },
    by = token,
  ) => post(`/v1/plugins/Foo/versions/${version}/${name}`, body, by);

  test('is taken back and offered again, each once', async () => {
    await publish({ id: 'Foo', version: '1.0' });
    await publish({ id: 'Foo', version: '2.0' });
    expect(await offered()).toEqual(['Foo 2.0']);
    const yanked = await step('yank', '2.0');
    expect(yanked.json).toEqual({
      plugin: 'Foo',
      version: '2.0',
      yanked: { reason: 'It crashes', at: place.at.toISOString() },
    });
    expect(await offered()).toEqual(['Foo 1.0']);
    // By any spelling of the version; twice changes nothing.
    expect((await step('yank', '2.0.0', { reason: 'Other' })).json.yanked.reason).toBe('It crashes');
    expect((await step('unyank', '2.0', { reason: 'Fine after all' }, reviewer)).json.yanked).toBeUndefined();
    expect(await offered()).toEqual(['Foo 2.0']);
    expect(await feed()).toEqual([
      'published Foo 1.0',
      'published Foo 2.0',
      'yanked Foo 2.0',
      'unyanked Foo 2.0',
    ]);
  });

  test.each([
    ['another organization’s', '2.0', { reason: 'x' }, 'foreign', '403 ORGANIZATION_FOREIGN'],
    ['one that is not there', '3.0', { reason: 'x' }, 'own', '404 RELEASE_NOT_FOUND'],
    ['what is no version', 'latest', { reason: 'x' }, 'own', '404 RELEASE_NOT_FOUND'],
    ['a path', '..%2f..', { reason: 'x' }, 'own', '404 RELEASE_NOT_FOUND'],
    ['without a reason', '2.0', {}, 'own', '400 BODY_MALFORMED'],
    ['with more than is asked', '2.0', { reason: 'x', force: true }, 'own', '400 BODY_MALFORMED'],
  ])('is not yanked: %s', async (_, version, body, by, code) => {
    await publish({ id: 'Foo', version: '2.0' });
    expect(codeOf(await step('yank', version, body, by === 'own' ? token : foreign.token))).toBe(code);
    expect(await offered()).toEqual(['Foo 2.0']);
  });
});

describe('a plugin', () => {
  const deprecate = (id: string, body: object | undefined, by = token) =>
    place.call(body === undefined ? 'DELETE' : 'PUT', `/v1/plugins/${id}/deprecation`, {
      token: by,
      ...(body && { body }),
    });

  test('points to its successor, if that can be installed', async () => {
    await publish({ id: 'Foo' });
    await publish({ id: 'Bar' }, { by: other, as: foreign.token });
    const reason = 'Bar is better';
    expect(codeOf(await deprecate('Foo', { reason, successor: 'Foo' }))).toBe('422 SUCCESSOR_INVALID');
    expect(codeOf(await deprecate('Foo', { reason, successor: 'Baz' }))).toBe('422 SUCCESSOR_INVALID');
    expect(codeOf(await deprecate('Foo', { reason }, foreign.token))).toBe('403 ORGANIZATION_FOREIGN');
    expect(codeOf(await deprecate('Baz', { reason }))).toBe('404 PLUGIN_NOT_FOUND');
    const since = place.at.toISOString();
    expect((await deprecate('Foo', { reason, successor: 'Bar' })).json).toEqual({
      plugin: 'Foo',
      deprecated: { reason, successor: 'Bar', since },
    });
    expect(codeOf(await deprecate('Bar', { reason: 'x', successor: 'Foo' }, foreign.token))).toBe(
      '422 SUCCESSOR_INVALID',
    );
    expect(await offered()).toEqual(['Bar 1.0.0', 'Foo 1.0.0']);
    expect((await deprecate('Foo', undefined)).json).toEqual({ plugin: 'Foo' });
    expect((await feed()).slice(2)).toEqual(['deprecated Foo', 'undeprecated Foo']);
  });

  const offer = (to: string, by = token) => post('/v1/plugins/Foo/transfers', { to }, by);

  test('is handed over when both agree, and is the other’s from then on', async () => {
    await publish({ id: 'Foo' });
    const waiting = await put({ id: 'Foo', version: '1.1' });
    const { json } = await offer(foreign.organization);
    expect(json).toMatchObject({
      plugin: 'Foo',
      state: 'offered',
      from: organization,
      to: foreign.organization,
    });
    expect(codeOf(await offer(foreign.organization))).toBe('409 TRANSFER_PENDING');
    expect(codeOf(await put({ id: 'Foo', version: '2.0' }, { by: other, as: foreign.token }))).toBe(
      '409 PLUGIN_ID_TAKEN',
    );
    const accept = (by: string) => post(`/v1/transfers/${json.id}/accept`, undefined, by);
    expect(codeOf(await accept(token))).toBe('404 TRANSFER_NOT_FOUND');
    expect(codeOf(await accept(operator))).toBe('403 ROLE_NOT_ALLOWED');
    expect(codeOf(await accept(foreign.token))).toBe('200 accepted');
    expect(codeOf(await accept(foreign.token))).toBe('409 STATE_CONFLICT');
    expect(codeOf(await put({ id: 'Foo', version: '2.0' }))).toBe('409 PLUGIN_ID_TAKEN');
    expect(codeOf(await put({ id: 'Foo', version: '2.0' }, { by: renewed }))).toBe('409 PLUGIN_ID_TAKEN');
    expect(codeOf(await post(`/v1/submissions/${waiting.sha256}/accept`, {}, reviewer))).toBe(
      '409 PLUGIN_ID_TAKEN',
    );
    await publish({ id: 'Foo', version: '2.0' }, { by: other, as: foreign.token });
    expect(await offered()).toEqual(['Foo 2.0']);
    expect(await feed()).toEqual(['published Foo 1.0.0', 'transferred Foo', 'published Foo 2.0']);
    const seen = await place.call('GET', '/v1/transfers', { token });
    expect(seen.json.transfers).toMatchObject([{ id: json.id, state: 'accepted' }]);
  });

  test('stays whose it is where the offer is declined, taken back, or too old', async () => {
    await publish({ id: 'Foo' });
    expect(codeOf(await offer(organization))).toBe('409 STATE_CONFLICT');
    expect(codeOf(await offer('0'.repeat(64)))).toBe('404 ORGANIZATION_NOT_FOUND');
    expect(codeOf(await offer(organization, foreign.token))).toBe('403 ORGANIZATION_FOREIGN');
    const first = (await offer(foreign.organization)).json.id;
    expect(codeOf(await post(`/v1/transfers/${first}/decline`, undefined, foreign.token))).toBe(
      '200 declined',
    );
    const second = (await offer(foreign.organization)).json.id;
    expect(codeOf(await post(`/v1/transfers/${second}/withdraw`, undefined))).toBe('200 withdrawn');
    const third = (await offer(foreign.organization)).json.id;
    place.at = new Date(place.at.getTime() + 14 * 24 * 60 * 60 * 1000);
    expect(codeOf(await post(`/v1/transfers/${third}/accept`, undefined, foreign.token))).toBe(
      '410 TRANSFER_EXPIRED',
    );
    const { json } = await place.call('GET', '/v1/transfers', { token });
    expect(json.transfers.map(({ state }: { state: string }) => state).sort()).toEqual([
      'declined',
      'expired',
      'withdrawn',
    ]);
    expect((await offer(foreign.organization)).status).toBe(201);
  });
});

test('lists go on where their pages end, also while others hand in', async () => {
  for (let number = 0; number < 5; number += 1) {
    place.at = new Date(place.at.getTime() + (number === 2 ? 0 : 1000));
    await put({ id: 'Foo', version: `1.${number}` });
  }
  const seen: string[] = [];
  for (let after = ''; ; ) {
    const { json } = await place.call('GET', `/v1/submissions?limit=2${after}`, { token: reviewer });
    seen.push(...json.submissions.map(({ version }: { version: string }) => version));
    if (json.next === undefined) break;
    after = `&after=${json.next}`;
    await put({ id: 'Foo', version: `2.${seen.length}` });
  }
  expect([seen.length, new Set(seen).size]).toEqual([5, 5]);
  expect(codeOf(await place.call('GET', '/v1/submissions?after=x', { token }))).toBe('400 REQUEST_MALFORMED');
  expect(codeOf(await place.call('GET', '/v1/submissions?limit=0', { token }))).toBe('400 BODY_MALFORMED');
  expect(codeOf(await place.call('GET', '/v1/submissions?state=none', { token }))).toBe('400 BODY_MALFORMED');
});

test('an expired or revoked token does nothing any more', async () => {
  const { json } = await place.call('GET', '/v1/session', { token });
  expect(json).toMatchObject({
    role: 'publisher',
    organization: { id: organization, name: 'Acme', trusted: false },
  });
  await place.call('DELETE', `/v1/tokens/${json.token}`, { token: operator });
  expect(codeOf(await put({ id: 'Foo' }))).toBe('401 TOKEN_REVOKED');
  place.at = new Date(place.at.getTime() + 366 * 24 * 60 * 60 * 1000);
  expect(codeOf(await put({ id: 'Foo' }, { by: other, as: foreign.token }))).toBe('401 TOKEN_EXPIRED');
});

describeOnBoth('decisions', (places) => {
  test('of several reviewers at two processes at once are one decision, and the audit log one chain', async () => {
    const database = await places.create();
    await using one = await PublishingPlace.open({ ca, database });
    await using two = await PublishingPlace.open({ ca, database, dataDir: one.dataDir });
    const own = await one.publisher(acme);
    const by = await one.token('reviewer');
    for (let round = 0; round < 3; round += 1) {
      const body = await one.package(acme, { id: 'Foo', version: `1.${round}` });
      await one.call('PUT', '/v1/packages', { token: own.token, body });
      const path = `/v1/submissions/${sha256Of(body)}`;
      const replies = await Promise.all(
        ['accept', 'decline', 'accept', 'decline'].map((name, n) =>
          (n % 2 === 0 ? one : two).call('POST', `${path}/${name}`, {
            token: by,
            body: { reason: 'So be it' },
          }),
        ),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    }
    const { text } = await two.call('GET', '/v1/audit', { token: by });
    const verdict = await verifyAudit(text.split('\n'));
    expect(verdict.records).toBeGreaterThanOrEqual(9);
    const later = await one.call('GET', `/v1/audit?after=${verdict.last}`, { token: by });
    expect(later.text).toBe('');
    expect(text).not.toContain(own.token.slice(-64));
  });
});

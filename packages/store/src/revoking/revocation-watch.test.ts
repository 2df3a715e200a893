import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { createFetcher, createRevocationChecker, type Fetcher } from '@jami-plugin-store/revocation';
import type { AskRevocation } from '@jami-plugin-store/trust';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { readFeed } from '../audit/feed.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { FixtureCa, type Publisher } from '../judging/package-fixtures.js';
import { PublishingPlace } from '../publishing/publishing-fixtures.js';
import { clearCertificate, doubtCertificate } from './doubts.js';

/** Responders answer for the time it is, so these certificates live long, and these tests at that time. */
const notAfter = '20990101000000Z';
/** For what other work on the machine may hold up. */
const patience = 10_000;

let ca: FixtureCa;
let port: number;
let fetcher: Fetcher;
let ask: AskRevocation;
beforeAll(async () => {
  ca = await FixtureCa.create('Store root', { notAfter });
  fetcher = createFetcher();
  ask = createRevocationChecker({ fetch: fetcher, mode: 'fresh', revocation: 'when-named' });
  port = await freePort();
});
afterAll(async () => {
  await fetcher[Symbol.asyncDispose]();
  await ca[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

let acme: Publisher;
let responder: AsyncDisposable;
beforeEach(async () => {
  const extensions = [`authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}`];
  const organization = await ca.issue('Acme', { ca: true, pathLength: 0, notAfter, extensions });
  acme = await ca.anotherPlugin(organization, { notAfter });
  responder = await ca.respond(port);
});
afterEach(() => responder[Symbol.asyncDispose]());

/** The responder learns of what was revoked when it starts. */
async function revokeAcme(): Promise<void> {
  await responder[Symbol.asyncDispose]();
  await ca.revoke(acme.organization, 'keyCompromise');
  responder = await ca.respond(port);
}

const fingerprint = async (place: PublishingPlace) =>
  (
    await place.database.queries
      .selectFrom('organization_certificates')
      .select('sha256')
      .executeTakeFirstOrThrow()
  ).sha256;

describeOnBoth('what was revoked', (places) => {
  /** A trusted publisher with one plugin offered. */
  async function offering(): Promise<{ place: PublishingPlace; token: string }> {
    const place = await PublishingPlace.open({ ca, ask, database: await places.create() });
    place.at = new Date();
    const { organization, token } = await place.publisher(acme);
    const operator = await place.token('operator');
    const body = { trusted: true, reason: 'Known' };
    await place.call('PUT', `/v1/organizations/${organization}/trust`, { token: operator, body });
    const reply = await place.call('PUT', '/v1/packages', {
      token,
      body: await place.package(acme, { id: 'Foo' }),
    });
    expect([reply.status, reply.json.state]).toEqual([201, 'published']);
    return { place, token };
  }
  const offers = async ({ database }: PublishingPlace) =>
    (await database.queries.selectFrom('offers').selectAll().execute()).length;
  const steps = async ({ database }: PublishingPlace) => {
    const rows = await database.queries
      .selectFrom('audit_records')
      .select('action')
      .orderBy('sequence')
      .execute();
    return rows
      .map(({ action }) => action)
      .filter((action) => /suspended|resumed|revoked|published/.test(action));
  };

  test('is held back on a hint before anybody is asked, and for good when its responder says so', async () => {
    const { place, token } = await offering();
    await using _place = place;
    const sha256 = await fingerprint(place);
    await revokeAcme();
    await place.revocations.heed(sha256, 'its authority says so');
    expect(await offers(place)).toBe(0);
    await vi.waitFor(
      async () => expect(await steps(place)).toEqual(['published', 'suspended', 'revoked']),
      patience,
    );
    const { json } = await place.call('GET', '/v1/submissions', { token });
    expect(json.submissions).toMatchObject([{ state: 'revoked', reason: 'keyCompromise' }]);
    const { entries } = await readFeed(place.database.queries, { limit: 10 });
    expect(entries.at(-1)).toMatchObject({ action: 'revoked', plugin: 'Foo', reason: 'keyCompromise' });
    const again = await place.package(acme, { id: 'Foo', version: '2.0' });
    expect((await place.call('PUT', '/v1/packages', { token, body: again })).json.code).toBe(
      'CERTIFICATE_REVOKED',
    );
  });

  test('on a hint that its responder does not confirm is offered again', async () => {
    const { place } = await offering();
    await using _place = place;
    await place.revocations.heed(await fingerprint(place), 'somebody says so');
    await vi.waitFor(
      async () => expect(await steps(place)).toEqual(['published', 'suspended', 'resumed']),
      patience,
    );
    expect(await offers(place)).toBe(1);
  });

  test('stays held back while its responder is down, and is asked about until it answers', async () => {
    const { place } = await offering();
    await using _place = place;
    await responder[Symbol.asyncDispose]();
    await place.revocations.heed(await fingerprint(place), 'somebody says so');
    await place.revocations.look();
    expect([await offers(place), await steps(place)]).toEqual([0, ['published', 'suspended']]);
    responder = await ca.respond(port);
    await place.revocations.look();
    expect([await offers(place), await steps(place)]).toEqual([1, ['published', 'suspended', 'resumed']]);
  });

  test('without any hint is found when it is due', async () => {
    const { place } = await offering();
    await using _place = place;
    await place.revocations.look();
    await revokeAcme();
    await place.revocations.look();
    expect(await offers(place)).toBe(1);
    place.at = new Date(place.at.getTime() + 60 * 60 * 1000);
    // A responder's answer is of now, and an hour is no harm.
    await place.revocations.look();
    await vi.waitFor(async () => {
      place.at = new Date();
      expect(await steps(place)).toEqual(['published', 'revoked']);
    }, patience);
    expect(await offers(place)).toBe(0);
  });

  test('does not come in while it is in doubt, also where nothing of it was here', async () => {
    const { place, token } = await offering();
    await using _place = place;
    const sha256 = await fingerprint(place);
    await doubtCertificate(place.database, sha256, 'somebody says so', place.at);
    const put = async () =>
      place.call('PUT', '/v1/packages', { token, body: await place.package(acme, { id: 'Bar' }) });
    const refused = await put();
    expect([refused.status, refused.json.code]).toEqual([503, 'CERTIFICATE_DOUBTED']);
    await clearCertificate(place.database, sha256, place.at);
    expect((await put()).status).toBe(201);
    expect(await offers(place)).toBe(2);
    await place.revocations.heed('0'.repeat(64), 'a certificate of somebody else');
    await vi.waitFor(
      async () =>
        expect(await place.database.queries.selectFrom('doubted_certificates').selectAll().execute()).toEqual(
          [],
        ),
      patience,
    );
  });

  test('is not missed where it is published at the same moment', async () => {
    const { place, token } = await offering();
    await using _place = place;
    const sha256 = await fingerprint(place);
    const bodies = await Promise.all([1, 2, 3, 4].map((n) => place.package(acme, { id: `P${n}` })));
    const publishing = bodies.map((body) => place.call('PUT', '/v1/packages', { token, body }));
    // When the first has come through, while the others are on their way.
    const doubting = Promise.race(publishing).then(() =>
      doubtCertificate(place.database, sha256, 'somebody says so', place.at),
    );
    const replies = await Promise.all(publishing);
    await doubting;
    for (const { status } of replies) expect([201, 503]).toContain(status);
    expect(await offers(place)).toBe(0);
  });
});

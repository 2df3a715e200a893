import {
  type AuditAction,
  HandedCertificate,
  IssuedCertificate,
  StoreDelegationRequest,
  StoreDelegationWish,
} from '@jami-plugin-store/contract';
import { parseCertificate, parseCertificatesPem, TrustError } from '@jami-plugin-store/trust';
import { Value } from 'typebox/value';
import { actorOf, type Caller, organizationOf } from '../access/caller.js';
import { type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import { appendAudit } from '../audit/audit-log.js';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import type { AuthorityLink, RelayedRoute } from './authority-link.js';

export interface DelegationRoutesOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  readonly authority: AuthorityLink | undefined;
}

/**
 * What an organization with its own key hands to the authority through the store: the store makes sure that the key is the organization's
 * and passes the rest on, under its own credential, which can neither issue nor revoke.
 */
export function delegationRoutes({ database, clock, authority }: DelegationRoutesOptions) {
  async function relay(route: RelayedRoute, body: object): Promise<object> {
    if (authority === undefined)
      throw new StoreError('AUTHORITY_NOT_CONFIGURED', 'There is no authority behind this store.');
    return await authority.relay(route, body);
  }

  /** @throws {StoreError} ORGANIZATION_FOREIGN */
  async function assertOwnKey(caller: Caller, issuerId: string): Promise<void> {
    const found = await database.queries
      .selectFrom('organization_certificates')
      .select('sha256')
      .where('organization', '=', organizationOf(caller))
      .where('issuer_id', '=', issuerId)
      .executeTakeFirst();
    if (found === undefined)
      throw new StoreError(
        'ORGANIZATION_FOREIGN',
        'This key is none that this store knows of the organization.',
      );
  }

  async function handIn(
    caller: Caller,
    route: RelayedRoute,
    action: AuditAction,
    { certificate }: HandedCertificate,
  ) {
    const given = readHanded(certificate);
    await assertOwnKey(caller, Buffer.from(given.authorityKeyIdentifier ?? []).toString('hex'));
    const answer = await relay(route, { certificate, actor: actorOf(caller).slice(0, 200) });
    if (!Value.Check(IssuedCertificate, answer))
      throw new StoreError('AUTHORITY_UNAVAILABLE', 'The authority’s answer makes no sense.');
    await database.transact((tx) =>
      appendAudit(tx, {
        at: clock(),
        actor: actorOf(caller),
        action,
        subject: `organization/${organizationOf(caller)}`,
        detail: { certificate: given.fingerprint, name: given.subject.text.slice(0, 200) },
      }),
    );
    return { body: answer };
  }

  return {
    'POST /v1/delegation-requests': guarded({
      summary: 'A request for a responder’s certificate, to be signed with the organization’s own key',
      body: StoreDelegationWish,
      response: StoreDelegationRequest,
      async handle({ caller, body }) {
        await assertOwnKey(caller, body.issuer);
        return { body: await relay('delegationRequests', { issuer: body.issuer }) };
      },
    }),
    'POST /v1/delegations': guarded({
      summary: 'Hands the signed responder’s certificate in',
      body: HandedCertificate,
      response: IssuedCertificate,
      handle: ({ caller, body }) => handIn(caller, 'delegations', 'delegation-handed-in', body),
    }),
    'POST /v1/registrations': guarded({
      summary: 'Makes a plugin’s certificate, signed with the organization’s own key, known to the responder',
      body: HandedCertificate,
      response: IssuedCertificate,
      handle: ({ caller, body }) => handIn(caller, 'registrations', 'certificate-registered', body),
    }),
  } satisfies Partial<GuardedRoutes>;
}

/** The certificate handed in: base64 of PEM or DER, or PEM itself; of a chain its first. @throws {TrustError} its reason */
function readHanded(text: string) {
  const isPem = text.includes('-----BEGIN');
  const bytes = isPem ? Buffer.from(text) : Buffer.from(text, 'base64');
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return parseCertificate(bytes);
  const [first] = parseCertificatesPem(bytes);
  if (first === undefined)
    throw new TrustError('CERTIFICATE_PEM_MALFORMED', 'There is no certificate in it.');
  return first;
}

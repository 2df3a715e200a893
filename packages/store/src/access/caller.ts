import type { StoreRole, TokenScope } from '@jami-plugin-store/contract';
import { StoreError } from '../error.js';

/** Who holds a token that is in force. */
export interface TokenHolder {
  readonly role: StoreRole;
  readonly token: string;
  readonly label: string;
  readonly scopes: readonly TokenScope[];
  readonly expiresAt: Date;
  /** Of publishers. */
  readonly organization?: string | undefined;
}

/** Who asks: nobody in particular, whoever follows one certificate request, or the holder of a token. */
export type Caller =
  | { readonly role: 'anyone' }
  | { readonly role: 'requester'; readonly request: string }
  | TokenHolder;

/** The caller as the audit log names it: role, label and token; never an address. */
export function actorOf(caller: Caller): string {
  if (caller.role === 'anyone') return 'anyone';
  if (caller.role === 'requester') return `requester [${caller.request}]`;
  return `${caller.role} ${caller.label} [${caller.token}]`;
}

/** What the store does by itself. */
export const storeActor = 'store';

/**
 * The organization a publisher acts for.
 * @throws {StoreError} ROLE_NOT_ALLOWED
 */
export function organizationOf(caller: Caller): string {
  if (caller.role === 'publisher' && caller.organization !== undefined) return caller.organization;
  throw new StoreError('ROLE_NOT_ALLOWED', 'Only a publisher, acting for an organization, may do this.');
}

/**
 * Publishers see and touch what is their organization's; reviewers and operators everything.
 * @throws {StoreError} ORGANIZATION_FOREIGN
 */
export function assertConcerns(caller: Caller, organization: string | null, what: string): void {
  if (caller.role === 'reviewer' || caller.role === 'operator') return;
  if (caller.role === 'publisher' && organization !== null && caller.organization === organization) return;
  throw new StoreError('ORGANIZATION_FOREIGN', `${what} belongs to another organization.`);
}

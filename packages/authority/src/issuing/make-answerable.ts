import type { AuthorityParts } from '../authority-parts.js';
import type { IssuerState } from '../ledger/registry.js';

/**
 * Makes the signer and the list of an issuer whose key is held here, where they are missing or due: other processes answer from them
 * and cannot make them. What cannot be made is listed in the status.
 */
export async function makeAnswerable(
  { keys, responders, crls, clock, troubles }: AuthorityParts,
  issuer: IssuerState,
): Promise<void> {
  if (!keys.has(issuer.id)) return;
  try {
    await responders.get(issuer, clock());
    await crls.get(issuer.id);
  } catch (error) {
    troubles.report(error);
  }
}

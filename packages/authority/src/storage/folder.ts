import { join } from 'node:path';

/** Of the administrative socket, in the authority's folder. */
export const adminSocketName = 'admin.sock';

/** Where the parts of an authority lie in its folder (docs/authority.md, "The folder"). */
export interface AuthorityFolder {
  readonly root: string;
  readonly settings: string;
  readonly ledger: string;
  readonly rootCertificate: string;
  readonly adminSecret: string;
  readonly administration: string;
  /** Certificate and private key of the administration CA. */
  readonly administrationCa: string;
  readonly lock: string;
  readonly keys: string;
  readonly responders: string;
  readonly crls: string;
  /** Private key of an issuer. */
  key(issuerId: string): string;
  /** Certificate and private key of an issuer's OCSP responder. */
  responder(issuerId: string): string;
  /** Key for which an organization was asked for a responder certificate. */
  pendingResponder(issuerId: string): string;
  /** The latest CRL of an issuer. */
  crl(issuerId: string): string;
}

export function authorityFolder(root: string): AuthorityFolder {
  const administration = join(root, 'administration');
  const [keys, responders, crls] = [join(root, 'keys'), join(root, 'responders'), join(root, 'crls')];
  return {
    root,
    settings: join(root, 'authority.json'),
    ledger: join(root, 'ledger'),
    rootCertificate: join(root, 'root.pem'),
    adminSecret: join(root, 'admin.secret'),
    administration,
    administrationCa: join(administration, 'ca.pem'),
    lock: join(root, 'lock'),
    keys,
    responders,
    crls,
    key: (issuerId) => join(keys, `${issuerId}.pem`),
    responder: (issuerId) => join(responders, `${issuerId}.pem`),
    pendingResponder: (issuerId) => join(responders, `${issuerId}.requested.pem`),
    crl: (issuerId) => join(crls, `${issuerId}.json`),
  };
}

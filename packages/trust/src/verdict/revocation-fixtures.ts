import type { Certificate } from '../certificate/certificate.js';
import { caExtensions, type Issued, leafExtensions, type OpensslCa } from './openssl-fixtures.js';

/** Paths of three levels whose plugin certificates say differently where to ask about them; plugin first. */
export interface RevocationPaths {
  readonly root: Issued;
  /** Names no place. */
  readonly silent: readonly Certificate[];
  /** Names a responder and a CRL over HTTP, beside places that cannot be asked. */
  readonly naming: readonly Certificate[];
  /** Names a CRL that nothing can fetch. */
  readonly byIssuerOnly: readonly Certificate[];
}

export async function issueRevocationPaths(ca: OpensslCa): Promise<RevocationPaths> {
  const root = await ca.issue({ subject: '/CN=Root', keyType: 'P-256', extensions: caExtensions });
  const organization = await ca.issue({
    subject: '/CN=Organization',
    issuer: root,
    keyType: 'P-256',
    extensions: caExtensions,
  });
  const leafWith = async (...extensions: string[]): Promise<readonly Certificate[]> => {
    const wish = {
      subject: '/CN=Leaf',
      issuer: organization,
      extensions: [...leafExtensions, ...extensions],
    };
    return [await ca.issue(wish), organization, root].map(({ certificate }) => certificate);
  };
  return {
    root,
    silent: await leafWith(),
    naming: await leafWith(
      'authorityInfoAccess = OCSP;URI:http://ocsp.example/a, OCSP;URI:ldap://ocsp.example, caIssuers;URI:http://ca.example',
      'crlDistributionPoints = URI:https://crl.example/1, URI:ldap://crl.example',
    ),
    byIssuerOnly: await leafWith('crlDistributionPoints = dirName:place', '[place]', 'CN = Somewhere'),
  };
}

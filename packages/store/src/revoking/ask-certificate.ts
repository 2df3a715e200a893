import { judgeRevocationAgain, parseCertificate, type RevocationFinding } from '@jami-plugin-store/trust';
import type { StoreDatabase, StoreQueries } from '../database/database.js';
import type { ChainPolicy } from '../publishing/issued-chain.js';
import { clearCertificate, doubtCertificate, revokeCertificate } from './doubts.js';

/** How a certificate stands; `unknown-here`: no package of it is here, so its issuer is not known. */
export type CertificateAnswer =
  | 'good'
  | 'revoked'
  | 'unknown'
  | 'unanswered'
  | 'expired'
  | 'not-offered'
  | 'not-asked'
  | 'unknown-here';

export interface AskCertificateOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  /** Asks fresh. */
  readonly policy: (at: Date) => ChainPolicy;
}

/**
 * Asks about one certificate and acts on the answer: `revoked` is for good, `unknown` and doubts that were not answered hold back, `good`
 * clears. Signed answers decide; whatever made one ask was a hint.
 */
export async function askCertificate(
  options: AskCertificateOptions,
  sha256: string,
): Promise<CertificateAnswer> {
  const { database, clock, policy } = options;
  const pair = await certificateAndIssuer(database.queries, sha256);
  if (pair === undefined) {
    // Whatever comes with it is asked about when it comes.
    await clearCertificate(database, sha256, clock());
    return 'unknown-here';
  }
  const at = clock();
  const { ask, ...rules } = policy(at);
  let found: RevocationFinding | undefined;
  const [standing] = await judgeRevocationAgain(pair, {
    ...rules,
    async ask(questions, asked) {
      const findings = await ask(questions, asked);
      found = findings[0];
      return findings;
    },
  });
  const status = standing?.status ?? 'unanswered';
  const now = clock();
  await database.queries
    .updateTable('certificates')
    .set({ asked_at: now.getTime() })
    .where('sha256', '=', sha256)
    .execute();
  if (status === 'revoked') await revokeCertificate(database, sha256, found?.reason ?? 'unspecified', now);
  else if (status === 'unknown')
    await doubtCertificate(database, sha256, 'its responder does not know the certificate', now);
  else if (status !== 'unanswered') await clearCertificate(database, sha256, now);
  return status;
}

/** A certificate and the one above it in the path of some package. */
async function certificateAndIssuer(queries: StoreQueries, sha256: string) {
  const rows = await queries
    .selectFrom('package_certificates as below')
    .innerJoin('package_certificates as above', (join) =>
      join
        .onRef('above.package_number', '=', 'below.package_number')
        .on(({ eb, ref }) => eb('above.position', '=', eb(ref('below.position'), '+', 1))),
    )
    .innerJoin('certificates as certificate', 'certificate.sha256', 'below.certificate')
    .innerJoin('certificates as issuer', 'issuer.sha256', 'above.certificate')
    .select(['certificate.der as der', 'issuer.der as issuer_der'])
    .where('below.certificate', '=', sha256)
    .limit(1)
    .execute();
  const [row] = rows;
  if (row === undefined) return undefined;
  return [row.der, row.issuer_der].map((der) => parseCertificate(Buffer.from(der, 'base64')));
}

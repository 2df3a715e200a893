import type { Certificate } from '@jami-plugin-store/trust';
import type { StoreTransaction } from '../database/database.js';

const commonNameOid = '2.5.4.3';

/**
 * Notes the path of a package, so that it is found when a certificate of it is revoked, and can be shown.
 * @param askedAt  when its responders were asked; undefined = they were not
 */
export async function recordCertificates(
  tx: StoreTransaction,
  packageNumber: number,
  path: readonly Certificate[],
  askedAt: Date | undefined,
): Promise<void> {
  // In one order, so that two transactions that note the same ones do not wait for each other.
  for (const certificate of [...path].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))) {
    await tx
      .insertInto('certificates')
      .values({ ...rowOf(certificate), asked_at: askedAt?.getTime() ?? null })
      .onConflict((conflict) => conflict.column('sha256').doNothing())
      .execute();
  }
  if (path.length === 0) return;
  await tx
    .insertInto('package_certificates')
    .values(
      path.map(({ fingerprint }, position) => ({
        package_number: packageNumber,
        position,
        certificate: fingerprint,
      })),
    )
    .execute();
}

function rowOf(certificate: Certificate) {
  const { subject, issuer, serialNumber, notBefore, notAfter, fingerprint, der } = certificate;
  const names = subject.attributes.filter(({ type }) => type === commonNameOid);
  return {
    sha256: fingerprint,
    der: Buffer.from(der).toString('base64'),
    name: names.at(-1)?.value ?? subject.text,
    subject: subject.text,
    issuer: issuer.text,
    serial_number: Buffer.from(serialNumber).toString('hex'),
    not_before: notBefore.getTime(),
    not_after: notAfter.getTime(),
  };
}

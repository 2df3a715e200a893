import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { administrationServerName } from '@jami-plugin-store/contract';
import { parseCertificate } from '@jami-plugin-store/trust';
import { toPem } from '../pem.js';
import { generateKey, spkiOf } from '../x509/key.js';
import type { AdministrationCa } from './administration-ca.js';

const lengthMs = 90 * 24 * 60 * 60 * 1000;

/** What the administrative listener shows; its key lives in memory only. */
export interface ListenerCertificate {
  readonly certificatePem: string;
  readonly key: KeyObject;
  /** From then on a new one is due: half of its time is over. */
  readonly renewAt: Date;
}

/** @throws {AuthorityError} ISSUER_EXPIRED where the administration CA has ended */
export async function makeListenerCertificate(ca: AdministrationCa): Promise<ListenerCertificate> {
  const key = await generateKey('ec-p256');
  const der = await ca.certifyServer({
    spki: spkiOf(key),
    // The first is what our clients check; the others are for tools that go by the address they were given.
    names: [administrationServerName, 'localhost', ...machineName()],
    addresses: ['127.0.0.1', '::1'],
    lengthMs,
  });
  const { notBefore, notAfter } = parseCertificate(der);
  return {
    certificatePem: toPem('CERTIFICATE', der),
    key,
    renewAt: new Date((notBefore.getTime() + notAfter.getTime()) / 2),
  };
}

function machineName(): string[] {
  const name = hostname();
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(name) ? [name] : [];
}

import type { KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import { keyIdOf } from '../issuing/issuer-material.js';
import { assertValidAt, periodWithin } from '../issuing/validity.js';
import { fromPem, toPem } from '../pem.js';
import { readWhole, storageFailed, syncFolder, writeDurably } from '../storage/durable-file.js';
import type { AuthorityFolder } from '../storage/folder.js';
import { buildCertificate, nameDer, randomSerial } from '../x509/certificate-builder.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  certificateSigning,
  dataSigning,
  purpose,
  subjectAltName,
  subjectKeyIdentifier,
} from '../x509/extensions.js';
import { exportPrivateKey, generateKey, keyIdentifier, readPrivateKey, spkiOf } from '../x509/key.js';
import type { Subject } from '../x509/subject.js';

export interface AdministrationCaParts {
  readonly folder: AuthorityFolder;
  readonly passphrase: string | undefined;
  readonly clock: () => Date;
}

const yearMs = 365 * 24 * 60 * 60 * 1000;
const caLengthMs = 20 * yearMs;

export interface ClientFields {
  readonly subject: Subject;
  readonly spki: Uint8Array;
  readonly lengthMs: number;
}

export interface ServerFields {
  readonly spki: Uint8Array;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly lengthMs: number;
}

/**
 * The CA that says who may administer from afar. It has nothing to do with the plugin root: a credential is worth nothing to those
 * who trust that, and a plugin's certificate opens nothing here.
 */
export class AdministrationCa {
  readonly certificate: Certificate;
  readonly #key: KeyObject;
  readonly #clock: () => Date;

  private constructor(certificate: Certificate, key: KeyObject, clock: () => Date) {
    this.certificate = certificate;
    this.#key = key;
    this.#clock = clock;
  }

  get pem(): string {
    return toPem('CERTIFICATE', this.certificate.der);
  }

  /**
   * Reads it from the folder, or makes it: whoever deletes it takes all credentials back.
   * @throws {AuthorityError} AUTHORITY_DAMAGED | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG | STORAGE_FAILED
   */
  static async open({ folder, passphrase, clock }: AdministrationCaParts): Promise<AdministrationCa> {
    const path = folder.administrationCa;
    const bytes = await readWhole(path);
    if (bytes === undefined) return AdministrationCa.#make({ folder, passphrase, clock });
    const text = bytes.toString('latin1');
    const [der] = fromPem(text, ['CERTIFICATE']) ?? [];
    if (der === undefined) {
      throw new AuthorityError('AUTHORITY_DAMAGED', 'The administration CA cannot be read.', { path });
    }
    const key = readPrivateKey(text.slice(text.indexOf('-----BEGIN', 1)), passphrase, path);
    return new AdministrationCa(parseCertificate(der), key, clock);
  }

  static async #make({ folder, passphrase, clock }: AdministrationCaParts): Promise<AdministrationCa> {
    const key = await generateKey('ec-p256');
    const spki = spkiOf(key);
    const name = nameDer([{ name: 'CN', value: 'Administration of the plugin authority' }]);
    const der = await buildCertificate(
      {
        serialNumber: randomSerial(),
        issuerName: name,
        subjectName: name,
        spki,
        extensions: [
          basicConstraints(true, 0),
          certificateSigning(),
          subjectKeyIdentifier(keyIdentifier(spki)),
        ],
        ...periodWithin(undefined, clock(), caLengthMs),
      },
      key,
    );
    await makeFolder(folder);
    // One file, so that a crash never parts key and certificate.
    const text = toPem('CERTIFICATE', der) + exportPrivateKey(key, passphrase);
    await writeDurably(folder.administrationCa, text);
    return new AdministrationCa(parseCertificate(der), key, clock);
  }

  /** Certifies the holder of a credential: TLS client and nothing else. */
  certifyClient({ subject, spki, lengthMs }: ClientFields): Promise<Buffer> {
    return this.#certify(subject, spki, lengthMs, [purpose('clientAuth')]);
  }

  /** Certifies the listener: TLS server and nothing else. */
  certifyServer({ spki, names, addresses, lengthMs }: ServerFields): Promise<Buffer> {
    return this.#certify([{ name: 'CN', value: 'Administrative listener' }], spki, lengthMs, [
      purpose('serverAuth'),
      subjectAltName(names, addresses),
    ]);
  }

  /** @throws {AuthorityError} ISSUER_EXPIRED */
  #certify(
    subject: Subject,
    spki: Uint8Array,
    lengthMs: number,
    purposes: readonly Uint8Array[],
  ): Promise<Buffer> {
    const at = this.#clock();
    assertValidAt(this.certificate, at);
    return buildCertificate(
      {
        serialNumber: randomSerial(),
        issuerName: this.certificate.subject.der,
        subjectName: nameDer(subject),
        spki,
        extensions: [
          basicConstraints(false),
          dataSigning(),
          ...purposes,
          subjectKeyIdentifier(keyIdentifier(spki)),
          authorityKeyIdentifier(keyIdOf(this.certificate)),
        ],
        ...periodWithin(this.certificate, at, lengthMs),
      },
      this.#key,
    );
  }
}

async function makeFolder(folder: AuthorityFolder): Promise<void> {
  try {
    await mkdir(folder.administration, { recursive: true, mode: 0o700 });
    await syncFolder(folder.root);
  } catch (cause) {
    throw storageFailed(folder.administration, 'made', cause);
  }
}

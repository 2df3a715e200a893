import { type KeyObject, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificate } from '@jami-plugin-store/trust';
import { AuthorityError } from './error.js';
import { IssuerKeys } from './issuing/issuer-keys.js';
import { rootExtensions } from './issuing/profiles.js';
import { issuedRecord } from './issuing/sign-certificate.js';
import { normalBaseUrl } from './issuing/status-urls.js';
import { periodWithin, type ValidityPeriods } from './issuing/validity.js';
import { createLedger } from './ledger/ledger.js';
import { openAuthority } from './open-authority.js';
import { toPem } from './pem.js';
import { completeValidity, type Settings, writeSettings } from './settings.js';
import { readWhole, storageFailed, syncFolder, writeDurably } from './storage/durable-file.js';
import { type AuthorityFolder, authorityFolder } from './storage/folder.js';
import { lockFolder } from './storage/lock.js';
import { buildCertificate, nameDer, randomSerial } from './x509/certificate-builder.js';
import { generateKey, type KeyType, spkiOf } from './x509/key.js';
import { assertSubject, comparableName, type Subject } from './x509/subject.js';

export interface InitAuthorityOptions {
  /** Made with mode 0700 if missing. */
  readonly dir: string;
  /** Common name of the root. */
  readonly name: string;
  readonly organization?: string | undefined;
  readonly country?: string | undefined;
  /** Public http(s) URL of the public listener; it stands in every certificate and cannot be changed in them later. */
  readonly baseUrl: string;
  /** Default `ec-p256`. */
  readonly keyType?: KeyType | undefined;
  readonly clock: () => Date;
  readonly validity?: Partial<ValidityPeriods> | undefined;
  /** Encrypts every private key in the folder. */
  readonly passphrase?: string | undefined;
  /** Encrypts those of the OCSP signers instead. */
  readonly responderPassphrase?: string | undefined;
}

export interface NewAuthority {
  readonly rootPem: string;
  /** SHA-256 of the root certificate, hex: what users compare before they trust it. */
  readonly rootFingerprint: string;
}

/**
 * Makes an authority in a folder: root key and certificate, responder, first CRL. A crash on the way leaves a folder
 * that is no authority yet; calling again sets what is there aside and begins anew.
 * @throws {AuthorityError} AUTHORITY_ALREADY_EXISTS | AUTHORITY_BUSY | ARGUMENT_INVALID | CSR_SUBJECT_INVALID |
 *   STORAGE_FAILED
 */
export async function initAuthority(options: InitAuthorityOptions): Promise<NewAuthority> {
  const subject = rootSubject(options);
  const settings: Settings = {
    format: 1,
    name: options.name.normalize('NFC'),
    baseUrl: normalBaseUrl(options.baseUrl),
    createdAt: options.clock().toISOString(),
    validity: completeValidity(options.validity),
  };
  if (options.passphrase === '' || options.responderPassphrase === '') {
    throw new AuthorityError('ARGUMENT_INVALID', 'The passphrase is empty.');
  }
  const folder = authorityFolder(options.dir);
  // Before the lock, so that a running authority is told from a free folder.
  if ((await readWhole(folder.settings)) !== undefined) throw alreadyExists(folder);
  const made = await makeFolder(folder, options, subject, settings);
  // Opening makes what is renewed later in the same way: responder and CRL.
  await using authority = await openAuthority(options);
  await authority.prepare();
  return made;
}

async function makeFolder(
  folder: AuthorityFolder,
  options: InitAuthorityOptions,
  subject: Subject,
  settings: Settings,
): Promise<NewAuthority> {
  await using _lock = await lockFolder(folder.lock);
  await prepareFolders(folder);
  const keys = await IssuerKeys.open(folder, options.passphrase);
  const key = await generateKey(options.keyType ?? 'ec-p256');
  await keys.add('root', key);

  const der = await buildRoot(subject, key, options.clock(), settings.validity.rootMs);
  await using ledger = await createLedger(folder.ledger);
  await ledger.append(
    issuedRecord(der, {
      at: options.clock(),
      kind: 'root',
      issuer: 'root',
      name: comparableName(settings.name),
      signedHere: true,
    }),
  );
  const rootPem = toPem('CERTIFICATE', der);
  await writeDurably(folder.rootCertificate, rootPem, 0o644);
  await writeSettings(folder, settings);
  return { rootPem, rootFingerprint: parseCertificate(der).fingerprint };
}

function rootSubject({ country, organization, name }: InitAuthorityOptions): Subject {
  return assertSubject([
    ...(country === undefined ? [] : [{ name: 'C', value: country } as const]),
    ...(organization === undefined ? [] : [{ name: 'O', value: organization } as const]),
    { name: 'CN', value: name },
  ]);
}

function buildRoot(subject: Subject, key: KeyObject, at: Date, lengthMs: number): Promise<Buffer> {
  const name = nameDer(subject);
  const spki = spkiOf(key);
  return buildCertificate(
    {
      serialNumber: randomSerial(),
      issuerName: name,
      subjectName: name,
      spki,
      extensions: rootExtensions(spki),
      ...periodWithin(undefined, at, lengthMs),
    },
    key,
  );
}

async function prepareFolders(folder: AuthorityFolder): Promise<void> {
  try {
    const present = (await readdir(folder.root)).filter((name) => name !== 'lock');
    if (present.includes('authority.json')) {
      throw alreadyExists(folder);
    }
    await setAside(folder, present);
    if (process.platform !== 'win32') await chmod(folder.root, 0o700);
    for (const path of [folder.keys, folder.responders, folder.crls]) await mkdir(path, { mode: 0o700 });
    await syncFolder(folder.root);
  } catch (cause) {
    if (cause instanceof AuthorityError) throw cause;
    throw storageFailed(folder.root, 'made', cause);
  }
}

/** Leftovers of an init that was cut off. A key is never deleted: somebody may have lost authority.json only. */
async function setAside(folder: AuthorityFolder, present: readonly string[]): Promise<void> {
  const ours = ['keys', 'responders', 'crls', 'administration', 'ledger', 'root.pem'];
  const strangers = present.filter((name) => !ours.includes(name) && !/^(?:unfinished-|\.)/.test(name));
  if (strangers.length > 0) {
    throw new AuthorityError(
      'ARGUMENT_INVALID',
      `${folder.root} holds other files (${strangers.slice(0, 3).join(', ')}). Choose an empty folder.`,
      { path: folder.root },
    );
  }
  const leftovers = present.filter((name) => ours.includes(name));
  if (leftovers.length === 0) return;
  const aside = join(folder.root, `unfinished-${randomBytes(4).toString('hex')}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of leftovers) await rename(join(folder.root, name), join(aside, name));
}

const alreadyExists = ({ root }: AuthorityFolder): AuthorityError =>
  new AuthorityError(
    'AUTHORITY_ALREADY_EXISTS',
    `There already is an authority in ${root}. Nothing was changed.`,
    { path: root },
  );

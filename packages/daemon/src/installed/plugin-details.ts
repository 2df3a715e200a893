import { join } from 'node:path';
import type { CatalogCertificate, PluginDetails } from '@jami-plugin-store/contract';
import type { Certificate } from '@jami-plugin-store/trust';
import { DaemonError } from '../error.js';
import { hasDefinitions } from '../preferences/preference-definitions.js';
import { findPlugin, type InstalledPlace } from './find-plugin.js';
import { translateTexts } from './plugin-texts.js';
import { given, type InstallRecord, recordedPath } from './record.js';
import { standingFields } from './standing.js';

const commonNameOid = '2.5.4.3';

/**
 * What a face shows of one plugin, in a language: a tag or an Accept-Language list, `en` where the plugin has none of them.
 * Undefined where there is no such plugin.
 * @throws {DaemonError} RECORD_DAMAGED where nothing can be told about it
 */
export async function pluginDetails(
  place: InstalledPlace,
  id: string,
  language: string,
): Promise<PluginDetails | undefined> {
  const found = await findPlugin(place, id);
  if (found === undefined) return undefined;
  const { manifest, record, state } = found;
  if (manifest === undefined) {
    throw new DaemonError('RECORD_DAMAGED', `${id} is damaged: ${found.reason ?? 'it has no manifest'}`, {
      path: found.folder,
    });
  }
  const texts = await translateTexts(place.disk, found, manifest, language);
  const root = place.layout.link(id);
  return {
    id,
    name: texts.manifest.name,
    description: texts.manifest.description,
    version: record?.version ?? manifest.version,
    path: root,
    iconPath: join(root, manifest.iconPath),
    backgroundPath: join(root, manifest.backgroundPath),
    soPath: join(root, libraryName(id, record)),
    author: record?.publisher.name ?? '',
    state,
    language: texts.language,
    ...(record === undefined ? {} : recordedDetails(record)),
    ...standingFields(found.standing, record?.previous !== undefined),
    hasPreferences: await hasDefinitions({ disk: place.disk, folder: found.folder }),
  };
}

function recordedDetails(record: InstallRecord): Partial<PluginDetails> {
  return {
    publisher: record.publisher,
    ...given('sha256', record.sha256),
    installedAt: record.installedAt,
    judgedAt: record.judgedAt,
    ...given('files', record.files),
    certificatePath: recordedPath(record).map(certificateFields),
    revocation: record.revocation.map((finding) =>
      finding.source === 'none' ? finding : { ...finding, askedAt: record.installedAt },
    ),
    ...given('store', record.store),
    ...given('previousVersion', record.previous?.version),
  };
}

function certificateFields(certificate: Certificate): CatalogCertificate {
  const { subject, issuer, serialNumber, notBefore, notAfter, fingerprint } = certificate;
  const names = subject.attributes.filter(({ type }) => type === commonNameOid);
  return {
    name: names.at(-1)?.value ?? subject.text,
    subject: subject.text,
    issuer: issuer.text,
    serialNumber: Buffer.from(serialNumber).toString('hex'),
    sha256: fingerprint,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  };
}

/** Jami's name of the library where the plugin has it, else its only library, else where one would be. */
export function libraryName(id: string, record: InstallRecord | undefined): string {
  const usual = libraryFileName(id, record?.platform ?? '');
  const libraries = record?.libraries ?? [];
  const [only] = libraries;
  return only !== undefined && libraries.length === 1 && !libraries.includes(usual) ? only : usual;
}

function libraryFileName(id: string, platform: string): string {
  if (platform === 'x64-windows') return `${id}.dll`;
  return platform.endsWith('-apple-Darwin') || platform === 'iphone' ? `lib${id}.dylib` : `lib${id}.so`;
}

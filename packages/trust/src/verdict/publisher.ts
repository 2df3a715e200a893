import { createHash } from 'node:crypto';
import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { TrustError } from '../error.js';
import type { Publisher } from './verified-plugin.js';

/**
 * Non-critical extension in a root made by our authority. It says: the subject serialNumber of what this root
 * issues is assigned once and never reused, so it identifies an organization whatever key it holds.
 * A random number under 2.25 (ITU-T X.667), never to change. It has 63 bits, not the 122 of a UUID: GnuTLS, by which Jami
 * reads certificates, refuses any that holds an arc above 64 bits.
 */
export const authorityMarkOid = '2.25.9158218084609575050';

const commonNameOid = '2.5.4.3';
const serialNumberOid = '2.5.4.5';

/** RFC 5280 appendix A.1, ub-common-name. */
const maxNameCharacters = 64;

/**
 * What could hide or reorder text on a screen: control, format (all bidi controls among them), surrogate, unassigned
 * and private-use characters, line separators, and characters that are drawn as nothing.
 */
const misleadingCharacter = /[\p{C}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;

/** How a value that is no string type is shown: `#` and its DER in hex (RFC 4514 2.4). */
const undecoded = /^#(?:[0-9a-f]{2})+$/i;

export interface PublisherPath {
  /** Plugin certificate first, anchor last; one certificate where the plugin certificate is the anchor. */
  readonly path: readonly Certificate[];
  readonly anchor: TrustAnchor;
}

/**
 * Who published a plugin, by docs/trust.md "Who is who".
 * @throws {TrustError} PUBLISHER_NAME_INVALID
 */
export function publisherOf({ path, anchor }: PublisherPath): Publisher {
  const plugin = path[0];
  if (plugin === undefined) throw new RangeError('A path has at least one certificate');
  const organization = organizationOf(path, anchor.certificate);
  return Object.freeze({
    name: nameOf(organization ?? anchor.certificate),
    organization: organization && organizationIdentity(organization, anchor.certificate),
    pluginKey: sha256(plugin.publicKey.spki),
  });
}

/**
 * Whom an organization's certificate makes a publisher, before it has signed any plugin's: as `publisherOf` names them for every path
 * through it.
 * @param organization  validated, directly below the anchor
 * @throws {TrustError} PUBLISHER_NAME_INVALID
 */
export function organizationPublisher(
  organization: Certificate,
  anchor: TrustAnchor,
): { readonly name: string; readonly organization: string } {
  return Object.freeze({
    name: nameOf(organization),
    organization: organizationIdentity(organization, anchor.certificate),
  });
}

/** True for the same plugin key, or the same organization under the same authority (docs/trust.md). */
export function samePublisher(a: Publisher, b: Publisher): boolean {
  if (a.pluginKey === b.pluginKey) return true;
  return a.organization !== undefined && a.organization === b.organization;
}

/** The certificate directly below the anchor, where it is not the plugin's: a sub-CA cannot name itself somebody else. */
function organizationOf(path: readonly Certificate[], anchor: Certificate): Certificate | undefined {
  let index = path.length - 2;
  // Link certificates of a root that changed its key (RFC 4210 4.4) are the root itself; only its own key can have made them.
  while (index > 0 && isLinkOf(anchor, path[index])) index -= 1;
  return index > 0 ? path[index] : undefined;
}

function isLinkOf(anchor: Certificate, certificate: Certificate | undefined): boolean {
  return (
    certificate !== undefined &&
    namesEqual(certificate.subject, anchor.subject) &&
    namesEqual(certificate.issuer, anchor.subject)
  );
}

function organizationIdentity(organization: Certificate, anchor: Certificate): string {
  const mark = anchor.extensions.get(authorityMarkOid);
  const [serial, ...others] = organization.subject.attributes.filter(({ type }) => type === serialNumberOid);
  if (
    mark === undefined ||
    mark.critical ||
    serial === undefined ||
    others.length > 0 ||
    serial.value === ''
  ) {
    return sha256(organization.publicKey.spki);
  }
  // Each part behind its length: no two pairs share one encoding, and none begins like a SubjectPublicKeyInfo (0x30).
  return sha256(lengthPrefixed(anchor.publicKey.spki), lengthPrefixed(Buffer.from(serial.value, 'utf8')));
}

function nameOf(certificate: Certificate): string {
  const names = certificate.subject.attributes.filter(({ type }) => type === commonNameOid);
  const [name] = names;
  const wrong = (reason: string): TrustError =>
    new TrustError('PUBLISHER_NAME_INVALID', `The publisher's certificate ${reason}.`, {
      certificate: certificate.subject.text,
    });
  if (name === undefined) throw wrong('has no common name');
  if (names.length > 1) throw wrong('has more than one common name');
  if (undecoded.test(name.value)) throw wrong('has a common name that is no text');
  if (name.value.trim() === '') throw wrong('has an empty common name');
  if (name.value.trim() !== name.value) throw wrong('has a common name that begins or ends with a space');
  if ([...name.value].length > maxNameCharacters)
    throw wrong(`has a common name over ${maxNameCharacters} characters`);
  if (misleadingCharacter.test(name.value))
    throw wrong('has a common name with control, bidi or invisible characters');
  return name.value;
}

function lengthPrefixed(part: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

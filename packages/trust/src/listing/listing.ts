import type { CertificateExtension } from '../certificate/certificate.js';

/** One line of a listing: how deep it stands, the field's name in its standard, its value as text. */
export type Line = readonly [depth: number, name: string, value?: string];

/** Text of a decoded structure, a line for each field, two spaces for each level. */
export function listingOf(lines: readonly Line[]): string {
  return lines
    .map(([depth, name, value]) => `${'  '.repeat(depth)}${name}${value === undefined ? '' : `: ${value}`}`)
    .join('\n');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** RFC 3339 to the second, as the structures themselves have it. */
export function instant(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

export function nameOrOid(names: ReadonlyMap<string, string>, oid: string): string {
  const name = names.get(oid);
  return name === undefined ? oid : `${name} (${oid})`;
}

/** Values stay as they are encoded: DER in hex, the long ones by their length. */
export function extensionLines(
  depth: number,
  title: string,
  extensions: ReadonlyMap<string, CertificateExtension>,
  names: ReadonlyMap<string, string>,
): Line[] {
  if (extensions.size === 0) return [];
  const lines = [...extensions.values()].map(({ oid, critical, value }): Line => {
    const shown = value.length > 64 ? `${value.length} bytes` : hex(value);
    return [depth + 1, `${nameOrOid(names, oid)}${critical ? ', critical' : ''}`, shown];
  });
  return [[depth, title], ...lines];
}

const algorithmNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256WithRSAEncryption'],
  ['1.2.840.113549.1.1.12', 'sha384WithRSAEncryption'],
  ['1.2.840.113549.1.1.13', 'sha512WithRSAEncryption'],
  ['1.2.840.113549.1.1.10', 'rsassaPss'],
  ['1.2.840.10045.4.3.2', 'ecdsa-with-SHA256'],
  ['1.2.840.10045.4.3.3', 'ecdsa-with-SHA384'],
  ['1.2.840.10045.4.3.4', 'ecdsa-with-SHA512'],
  ['1.3.101.112', 'Ed25519'],
]);

export function signatureLines(
  depth: number,
  { signatureAlgorithm, signature }: { signatureAlgorithm: { oid: string }; signature: Uint8Array },
): Line[] {
  return [
    [depth, 'signatureAlgorithm', nameOrOid(algorithmNames, signatureAlgorithm.oid)],
    [depth, 'signature', `${signature.length} bytes`],
  ];
}

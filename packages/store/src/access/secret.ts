import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * `jpl` = an API token, `jpr` = what a certificate request is followed with. Their form is fixed, so that scanners for leaked secrets
 * can find them.
 */
export type SecretKind = 'jpl' | 'jpr';

export interface Secret {
  /** 16 hex digits, public: names the row. */
  readonly id: string;
  /** 256 random bits in hex. */
  readonly secret: string;
}

/** A new secret; its text is shown once and only `hashOfSecret` is kept. */
export function createSecret(): Secret {
  return { id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('hex') };
}

export function secretText(kind: SecretKind, { id, secret }: Secret): string {
  return `${kind}_${id}_${secret}`;
}

const form = /^(jpl|jpr)_([0-9a-f]{16})_([0-9a-f]{64})$/;

/** @returns undefined where the text is no secret of a known kind */
export function parseSecret(text: string): (Secret & { readonly kind: SecretKind }) | undefined {
  const [, kind, id, secret] = form.exec(text) ?? [];
  if ((kind !== 'jpl' && kind !== 'jpr') || id === undefined || secret === undefined) return undefined;
  return { kind, id, secret };
}

/**
 * What is kept of a secret. One SHA-256 is enough: the input is 256 random bits, so there is nothing to guess that salt or a slow hash
 * would make harder to guess; they protect passwords that people choose.
 */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret, 'latin1').digest('hex');
}

const noHash = '0'.repeat(64);

/** Compares in the same time wherever they differ, and also where there is nothing to compare with. */
export function isSecretOf(secret: string, hash: string | undefined): boolean {
  const given = Buffer.from(hashOfSecret(secret), 'hex');
  return timingSafeEqual(given, Buffer.from(hash ?? noHash, 'hex')) && hash !== undefined;
}

import { isPluginId, isVersion } from '@jami-plugin-store/jpl';
import { StoreError } from '../error.js';

/**
 * The platform of a query. Jami's client names one in every call, so a call without one is a mistake worth saying.
 * @throws {StoreError} PLATFORM_MISSING | PLATFORM_MALFORMED
 */
export function platformOf(value: unknown): string {
  if (value === undefined || value === '') {
    throw new StoreError('PLATFORM_MISSING', 'Say for which platform, e.g. ?arch=x86_64-linux-gnu.');
  }
  if (typeof value !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/.test(value)) {
    throw new StoreError(
      'PLATFORM_MALFORMED',
      'A platform is named once, by letters, digits, "-", "_" and ".".',
    );
  }
  return value;
}

/** @throws {StoreError} PLUGIN_ID_MALFORMED */
export function pluginIdOf(value: unknown): string {
  if (typeof value !== 'string' || !isPluginId(value)) {
    throw new StoreError('PLUGIN_ID_MALFORMED', 'What the address names cannot be a plugin id.');
  }
  return value;
}

/** @throws {StoreError} DIGEST_MALFORMED */
export function digestOf(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new StoreError('DIGEST_MALFORMED', 'A SHA-256 digest is 64 lowercase hexadecimal digits.');
  }
  return value;
}

/** Exactly one version; undefined = the newest. @throws {StoreError} REQUEST_MALFORMED */
export function versionOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && isVersion(value)) return value;
  throw new StoreError('REQUEST_MALFORMED', 'A version is like 1.2.0, and named once.');
}

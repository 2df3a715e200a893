import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createSecret, hashOfSecret, isSecretOf, parseSecret, secretText } from './secret.js';

test('a secret is told by its text, and only by its own hash', () => {
  const [secret, other] = [createSecret(), createSecret()];
  const text = secretText('jpl', secret);
  expect(text).toMatch(/^jpl_[0-9a-f]{16}_[0-9a-f]{64}$/);
  expect(parseSecret(text)).toEqual({ kind: 'jpl', ...secret });
  const hash = hashOfSecret(secret.secret);
  expect(isSecretOf(secret.secret, hash)).toBe(true);
  expect(isSecretOf(other.secret, hash)).toBe(false);
  expect(isSecretOf(secret.secret, undefined)).toBe(false);
  expect(secret.secret).not.toBe(other.secret);
  const bySystem = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: secret.secret }).toString();
  expect(bySystem.startsWith(hash)).toBe(true);
});

test.each([
  '',
  'jpl_',
  `jpx_${'0'.repeat(16)}_${'0'.repeat(64)}`,
  `jpl_${'0'.repeat(16)}_${'0'.repeat(63)}`,
  `jpl_${'0'.repeat(16)}_${'A'.repeat(64)}`,
  `jpl_${'0'.repeat(16)}_${'0'.repeat(64)}\n`,
  ` jpl_${'0'.repeat(16)}_${'0'.repeat(64)}`,
])('%j is no secret', (text) => {
  expect(parseSecret(text)).toBeUndefined();
});

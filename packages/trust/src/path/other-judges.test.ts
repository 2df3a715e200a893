import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCertificate } from '../certificate/parse-certificate.js';
import { type Chain, type ForgedPath, fixtureTime } from './forged-path-fixtures.js';
import { forgedPaths } from './forged-path-table-fixtures.js';
import { outcome } from './path-fixtures.js';
import { validatePath } from './validate-path.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const hasCerttool = spawnSync('certtool', ['--version']).status === 0;
if (!hasOpenssl) process.stderr.write('paths: openssl is not installed, its opinion is skipped\n');
if (!hasCerttool)
  process.stderr.write('paths: certtool (gnutls-bin) is not installed, its opinion is skipped\n');

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'other-judges-'));
});
afterAll(() => rmSync(home, { recursive: true }));

function pem(ders: Chain): string {
  const blocks = ders.map((der) => Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd());
  return blocks.map((block) => `-----BEGIN CERTIFICATE-----\n${block}\n-----END CERTIFICATE-----\n`).join('');
}

function judge(chain: Chain): string {
  return outcome(() => {
    const [target, ...rest] = chain.map(parseCertificate);
    const anchor = rest.pop();
    if (target === undefined || anchor === undefined) throw new RangeError('a chain has two certificates');
    validatePath({ target, intermediates: rest, anchors: [{ certificate: anchor }], at: fixtureTime });
  });
}

function openssl(chain: Chain): boolean {
  const parts = { target: chain.slice(0, 1), untrusted: chain.slice(1, -1), trusted: chain.slice(-1) };
  for (const [name, ders] of Object.entries(parts)) writeFileSync(join(home, name), pem(ders));
  const rules = ['-x509_strict', '-policy', 'anyPolicy', '-auth_level', '2', '-purpose', 'any'];
  const sources = ['-no-CApath', '-no-CAfile', '-no-CAstore', '-trusted', 'trusted'];
  const between = parts.untrusted.length > 0 ? ['-untrusted', 'untrusted'] : [];
  const when = ['-attime', String(fixtureTime.getTime() / 1_000)];
  const args = ['verify', ...rules, ...sources, ...between, ...when, 'target'];
  return spawnSync('openssl', args, { cwd: home }).status === 0;
}

/** At today's date, for it takes no other: what holds here holds until 2049. */
function certtool(chain: Chain): boolean {
  const args = ['--verify-chain', '--verify-profile=medium'];
  return spawnSync('certtool', args, { input: pem(chain) }).status === 0;
}

function expectOpinion(path: ForgedPath, accepts: boolean, reason: string | undefined): void {
  const agrees = accepts === (path.ours === 'accepted');
  expect([path.what, agrees]).toEqual([path.what, reason === undefined]);
}

describe('forged paths', () => {
  it('are judged as the table says', () => {
    expect(forgedPaths.length).toBeGreaterThan(70);
    for (const { what, chain, ours } of forgedPaths) expect([what, judge(chain)]).toEqual([what, ours]);
  });

  it.skipIf(!hasOpenssl)(
    'are judged alike by openssl verify -x509_strict, but where the table says why not',
    () => {
      for (const path of forgedPaths) expectOpinion(path, openssl(path.chain), path.openssl);
    },
  );

  it.skipIf(!hasCerttool)(
    'are judged alike by certtool --verify-chain, but where the table says why not',
    () => {
      for (const path of forgedPaths) expectOpinion(path, certtool(path.chain), path.gnutls);
    },
  );

  it('that others judge otherwise are told in docs/certificates.md', () => {
    const text = readFileSync(new URL('../../../../docs/certificates.md', import.meta.url), 'utf8');
    const told = forgedPaths
      .filter(({ openssl: one, gnutls: other }) => one !== undefined || other !== undefined)
      .map(({ what, ours, openssl: one, gnutls: other }) => {
        const verdict = ours === 'accepted' ? 'accepted' : `\`${ours}\``;
        const who = one === undefined ? 'GnuTLS' : other === undefined ? 'OpenSSL' : 'both';
        return `| ${what} | ${verdict} | ${who}: ${one ?? other} |`;
      });
    expect(told.filter((line) => !text.includes(line))).toEqual([]);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './checker-fixtures.js';
import { OpensslPki } from './openssl-pki-fixtures.js';

let pki: OpensslPki;
let responder: ChildProcess;
let url = '';

beforeAll(async () => {
  pki = new OpensslPki();
  const signer = ['-CA', 'root.pem', '-rsigner', 'responder.pem', '-rkey', 'responder.key'];
  const args = ['ocsp', '-port', '0', '-index', 'index.txt', '-nmin', '60', ...signer];
  responder = spawn('openssl', args, { cwd: pki.home, stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: responder.stdout ?? process.stdin });
  // ACCEPT [::]:38801 PID=29774
  const [line] = (await once(lines, 'line')) as [string];
  url = `http://127.0.0.1:${/:(\d+) /.exec(line)?.[1]}/`;
});
afterAll(async () => {
  responder.kill();
  await once(responder, 'exit');
  pki[Symbol.dispose]();
});

describe('openssl ocsp -port', () => {
  it.each(['fresh', 'cached'] as const)('answers a whole path, mode %s', async (mode) => {
    for (const hash of ['sha1', 'sha256'] as const) {
      const questions = ['good', 'revoked'].map((name) => pki.question(name, { ocspUrls: [url] }));
      const { findings, exchanges, error } = await ask(questions, { mode, hash });
      expect(error).toBeUndefined();
      expect(findings).toMatchObject([
        { status: 'good', source: 'ocsp' },
        { status: 'revoked', source: 'ocsp', reason: 'keyCompromise' },
      ]);
      expect(exchanges.map(({ method }) => method)).toEqual(
        mode === 'fresh' ? ['POST', 'POST'] : ['GET', 'GET'],
      );
      expect(exchanges.every(({ answer, elapsedMs }) => (answer?.length ?? 0) > 100 && elapsedMs > 0)).toBe(
        true,
      );
    }
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { processOf, type ServerProcess } from './server-process.js';

const run = promisify(execFile);

export interface OpensslResponder extends AsyncDisposable {
  readonly server: ServerProcess;
  /** A request about its one certificate, with a nonce, DER. */
  readonly request: Buffer;
}

/** `openssl ocsp -port` with a P-256 key, for one certificate; undefined where there is no openssl that can. */
export async function startOpensslResponder(dir: string): Promise<OpensslResponder | undefined> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    await openssl('req', '-x509', ...ec, '-subj', '/CN=Root', '-keyout', 'ca.key', '-out', 'ca.pem');
    await openssl('req', ...ec, '-subj', '/CN=Leaf', '-keyout', 'leaf.key', '-out', 'leaf.csr');
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', '0x1234', '-out', 'leaf.pem'];
    await openssl('x509', '-req', '-in', 'leaf.csr', ...signed);
    await writeFile(join(dir, 'index.txt'), 'V\t491231000000Z\t\t1234\tunknown\t/CN=Leaf\n');
    await openssl('ocsp', '-issuer', 'ca.pem', '-cert', 'leaf.pem', '-reqout', 'request.der');
  } catch {
    return undefined;
  }
  const signer = ['-rsigner', 'ca.pem', '-rkey', 'ca.key', '-CA', 'ca.pem', '-index', 'index.txt'];
  const child = spawn('openssl', ['ocsp', '-port', '0', '-ignore_err', ...signer], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [''])]);
  const port = /^ACCEPT .*:(\d+)/.exec(line)?.[1];
  if (port === undefined) {
    child.kill();
    return undefined;
  }
  const server = processOf(child, `http://127.0.0.1:${port}`);
  return {
    server,
    request: await readFile(join(dir, 'request.der')),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

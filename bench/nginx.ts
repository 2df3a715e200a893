import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { processOf, type ServerProcess } from './server-process.js';

/** Under this path whole files are sent quickest, everywhere else parts of them. */
export const nginxWhole = '/whole';

/**
 * One nginx process over the files of a folder, with what makes it quick: `sendfile`, no access log, and `tcp_nopush` for whole files only,
 * because parts wait for forty milliseconds with it. Undefined where it is not installed.
 */
export async function startNginx(root: string, dir: string): Promise<ServerProcess | undefined> {
  const port = await freePort();
  const config = join(dir, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/nginx-${name};`,
  );
  // One process that a signal ends; as root it would else become another user, who may not read the folder.
  const text = `
    daemon off; master_process off; pid ${dir}/nginx.pid; error_log ${dir}/nginx.log;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; keepalive_requests 1000000; default_type application/octet-stream;
      ${temporary.join(' ')}
      server {
        listen 127.0.0.1:${port}; root ${root};
        location ${nginxWhole}/ { alias ${root}/; tcp_nopush on; }
      }
    }`;
  await writeFile(config, text);
  const child = spawn('nginx', ['-c', config, '-p', dir, '-e', `${dir}/nginx.log`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // Debian keeps it where only root's PATH looks.
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
  });
  const missing = new Promise<true>((resolve) => child.once('error', () => resolve(true)));
  const started = once(child, 'spawn').then(() => false);
  if (await Promise.race([missing, started])) return undefined;
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null) {
    try {
      await fetch(url);
      return processOf(child, url);
    } catch {
      await setTimeout(10);
    }
  }
  throw new Error(`nginx ended with ${child.exitCode}; its log is ${dir}/nginx.log`);
}

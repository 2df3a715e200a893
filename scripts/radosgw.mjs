/**
 * A real S3 server for tests: Ceph's radosgw from Debian, with a monitor and an object daemon that keeps everything in memory, in a
 * temporary folder. Fake S3 servers accept wrong secrets and let every conditional writer win.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const startMs = 120_000;

/** Programs it takes, and the Debian packages they are in. */
export const cephPackages = {
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  radosgw: 'radosgw',
  ceph: 'ceph-common',
};

/**
 * @returns `S3_*` settings of an empty bucket, and what ends the server and removes its folder
 * @throws with the daemons' own words where it does not come up
 */
export async function startRadosgw() {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-ceph-'));
  const daemons = [];
  const stop = async () => {
    for (const daemon of daemons.reverse()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const ended = once(daemon, 'exit');
      // What it holds is worth nothing.
      daemon.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { environment: await start(folder, daemons), stop };
  } catch (error) {
    const log = await readFile(join(folder, 'daemons.log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`radosgw did not start: ${error.message}\n${log.split('\n').slice(-20).join('\n')}`);
  }
}

async function start(folder, daemons) {
  const [monPort, rgwPort] = [await freePort(), await freePort()];
  const file = join(folder, 'ceph.conf');
  const fsid = randomUUID();
  await writeFile(file, configuration({ folder, fsid, monPort }));
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name));
  const call = (program, ...args) => execute(program, ['-c', file, ...args], { timeout: startMs });
  const run = (program, ...args) => {
    const log = openSync(join(folder, 'daemons.log'), 'a');
    daemons.push(spawn(program, ['-c', file, '-f', ...args], { stdio: ['ignore', log, log] }));
    closeSync(log);
  };

  const map = join(folder, 'monmap');
  await execute('monmaptool', ['--create', '--addv', 'a', `[v1:127.0.0.1:${monPort}]`, '--fsid', fsid, map]);
  await call('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map);
  run('ceph-mon', '-i', 'a');
  const osd = randomUUID();
  await call('ceph', '--connect-timeout', '60', 'osd', 'new', osd);
  await call('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
  run('ceph-osd', '-i', '0');
  // A pool made while no object daemon is up is never served.
  await until(async () => {
    const { stdout } = await call('ceph', 'osd', 'stat', '--format', 'json');
    return JSON.parse(stdout).num_up_osds === 1;
  });
  const [accessKey, secretKey] = [randomBytes(10).toString('hex'), randomBytes(20).toString('hex')];
  const user = ['user', 'create', '--uid=tests', '--display-name=tests'];
  await call('radosgw-admin', ...user, `--access-key=${accessKey}`, `--secret-key=${secretKey}`);
  run('radosgw', '-n', 'client.rgw', '--rgw-frontends', `beast endpoint=127.0.0.1:${rgwPort}`);

  const environment = {
    S3_ENDPOINT: `http://127.0.0.1:${rgwPort}`,
    S3_BUCKET: 'tests',
    S3_REGION: 'us-east-1',
    S3_ACCESS_KEY_ID: accessKey,
    S3_SECRET_ACCESS_KEY: secretKey,
  };
  await makeBucket(environment);
  return environment;
}

/** One copy of everything, in memory, on this machine, with no passwords between the daemons. */
const configuration = ({ folder, fsid, monPort }) => `
[global]
fsid = ${fsid}
mon host = v1:127.0.0.1:${monPort}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file =
pid file =
mon data = ${folder}/mon
mon allow pool size one = true
osd data = ${folder}/osd
osd objectstore = memstore
osd journal =
memstore device bytes = 2147483648
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
rgw data = ${folder}/rgw
`;

async function makeBucket({ S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY }) {
  const { AwsClient } = await import('aws4fetch');
  const client = new AwsClient({
    accessKeyId: S3_ACCESS_KEY_ID,
    secretAccessKey: S3_SECRET_ACCESS_KEY,
    service: 's3',
    region: 'us-east-1',
    retries: 0,
  });
  await until(async () => {
    const answer = await client
      .fetch(`${S3_ENDPOINT}/${S3_BUCKET}`, { method: 'PUT' })
      .catch(() => undefined);
    return answer?.ok === true;
  });
}

async function until(holds) {
  const giveUpAt = performance.now() + startMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error('it takes too long');
    await pause(200);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

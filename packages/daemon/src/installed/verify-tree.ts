import { createHash, createPublicKey, createVerify, type KeyObject, verify } from 'node:crypto';
import { join } from 'node:path';
import {
  decodeSignatureMap,
  maxSignatureMapBytes,
  planInstalledTree,
  signatureHash,
  signatureMapName,
  signatureOfMapName,
} from '@jami-plugin-store/jpl';
import { type Disk, isAbsent } from '../disk/disk.js';
import { DaemonError } from '../error.js';
import { inParallel } from '../install/in-parallel.js';
import { type Layout, preferencesName } from './layout.js';
import type { InstallRecord } from './record.js';

export interface TreeFault {
  /** Below the tree, with `/`. */
  readonly path: string;
  readonly fault: 'changed' | 'missing' | 'extra';
}

const maxSignatureBytes = 8 * 1024;
const maxCertificateBytes = 1024 * 1024;
const parallelFiles = 4;

/**
 * Compares an installed tree with what its package signed: every file there, none changed, none added. Uses the key and the
 * platform of the record; needs neither the package nor a certificate that is still valid.
 * @returns what is wrong, sorted by path; empty for a tree as it was installed
 */
export async function verifyTree(
  disk: Disk,
  layout: Layout,
  record: InstallRecord,
  tree: string,
): Promise<TreeFault[]> {
  const root = layout.tree(record.id, tree);
  const key = createPublicKey({
    key: Buffer.from(record.pluginKeySpki, 'base64'),
    format: 'der',
    type: 'spki',
  });
  const certificate = `${record.id}.crt`;
  const evidence = await readEvidence(disk, root, key);
  if ('fault' in evidence) return [evidence];

  const entries = [...evidence.map.keys()].map((name) => ({
    name,
    kind: name.endsWith('/') ? ('directory' as const) : ('file' as const),
  }));
  const plan = planInstalledTree(entries, record.platform, record);
  const faults: TreeFault[] = [];
  await inParallel([...plan.files], parallelFiles, async ([entry, path]) => {
    const fault = await judgeFile(disk, join(root, path), key, evidence.map.get(entry));
    if (fault !== undefined) faults.push({ path, fault });
  });
  faults.push(...(await judgeCertificate(disk, root, certificate, record.certificateSha256)));
  for (const directory of plan.directories) {
    if ((await disk.kindOf(join(root, directory))) === 'absent')
      faults.push({ path: directory, fault: 'missing' });
  }
  const known = new Set([...plan.files.values(), signatureMapName, signatureOfMapName, certificate]);
  faults.push(...(await judgeNames(disk, root, '', known, new Set(plan.directories))));
  return faults.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @throws {DaemonError} FILES_CHANGED naming the first file that is not as it was signed */
export async function assertTree(
  disk: Disk,
  layout: Layout,
  record: InstallRecord,
  tree: string,
): Promise<void> {
  const faults = await verifyTree(disk, layout, record, tree);
  const [first] = faults;
  if (first === undefined) return;
  throw new DaemonError('FILES_CHANGED', faultsSentence(record, faults), {
    entry: first.path,
    path: layout.tree(record.id, tree),
  });
}

/** The first of some faults, and how many more there are. */
export function faultsSentence(
  { id, version }: Pick<InstallRecord, 'id' | 'version'>,
  faults: readonly TreeFault[],
): string {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return `${id} ${version} is not as it was signed: ${first?.path} is ${first?.fault}${more}.`;
}

async function readEvidence(
  disk: Disk,
  root: string,
  key: KeyObject,
): Promise<TreeFault | { map: ReadonlyMap<string, Uint8Array> }> {
  const signatures = await readPresent(disk, join(root, signatureMapName), maxSignatureMapBytes);
  if (signatures === undefined) return { path: signatureMapName, fault: 'missing' };
  const signature = await readPresent(disk, join(root, signatureOfMapName), maxSignatureBytes);
  if (signature === undefined) return { path: signatureOfMapName, fault: 'missing' };
  if (!verify(signatureHash, signatures, key, signature)) return { path: signatureMapName, fault: 'changed' };
  return { map: decodeSignatureMap(signatures) };
}

async function judgeFile(
  disk: Disk,
  path: string,
  key: KeyObject,
  signature: Uint8Array | undefined,
): Promise<'changed' | 'missing' | undefined> {
  const kind = await disk.kindOf(path);
  if (kind === 'absent') return 'missing';
  if (kind !== 'file' || signature === undefined) return 'changed';
  const verifier = createVerify(signatureHash);
  for await (const chunk of disk.readChunks(path)) verifier.update(chunk);
  return verifier.verify(key, signature) ? undefined : 'changed';
}

async function judgeCertificate(
  disk: Disk,
  root: string,
  name: string,
  sha256: string,
): Promise<TreeFault[]> {
  const pem = await readPresent(disk, join(root, name), maxCertificateBytes);
  if (pem === undefined) return [{ path: name, fault: 'missing' }];
  return createHash('sha256').update(pem).digest('hex') === sha256 ? [] : [{ path: name, fault: 'changed' }];
}

/** Names that nothing signed. The link to the preferences is the only one that may be there. */
export async function judgeNames(
  disk: Disk,
  root: string,
  below: string,
  files: ReadonlySet<string>,
  directories: ReadonlySet<string>,
): Promise<TreeFault[]> {
  const faults: TreeFault[] = [];
  for (const name of await disk.list(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    if (files.has(path) || path === preferencesName) continue;
    if (!directories.has(path) || (await disk.kindOf(join(root, path))) !== 'directory')
      faults.push({ path, fault: 'extra' });
    else faults.push(...(await judgeNames(disk, root, path, files, directories)));
  }
  return faults;
}

/** Undefined where there is no such file; a file that is too long or not a plain one counts as absent. */
async function readPresent(disk: Disk, path: string, maxBytes: number): Promise<Buffer | undefined> {
  if ((await disk.kindOf(path)) !== 'file') return undefined;
  try {
    return await disk.readFile(path, maxBytes);
  } catch (error) {
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'EFBIG') return undefined;
    throw error;
  }
}

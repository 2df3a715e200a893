import { join } from 'node:path';
import {
  JplError,
  type JplErrorCode,
  manifestName,
  manifestNamesCertificate,
  maxManifestBytes,
  maxSignatureMapBytes,
  parseManifest,
  planInstalledTree,
  signatureMapName,
  signatureOfMapName,
} from '@jami-plugin-store/jpl';
import {
  contentVerifier,
  judgePackagePath,
  judgeRevocation,
  parseCertificatesPem,
  publisherOf,
  verifyEvidence,
} from '@jami-plugin-store/trust';
import type { Disk } from '../disk/disk.js';
import { DaemonError } from '../error.js';
import { preferencesName } from '../installed/layout.js';
import type { JudgedPlugin } from '../installed/record.js';
import { judgeNames, type TreeFault } from '../installed/verify-tree.js';
import type { AdoptContext } from './adopt.js';
import { type Staging, stage, type TreePlan } from './staging.js';

const maxCertificateBytes = 1024 * 1024;
const maxSignatureBytes = 8 * 1024;

export interface VerifiedFolder {
  readonly plugin: JudgedPlugin;
  /** Holds a copy of every file, as it was verified. The caller discards it. */
  readonly staging: Staging;
  readonly libraries: readonly string[];
}

/**
 * Judges a plain folder as a package is judged, in the same order: path, revocation (asked afresh), signatures, manifest. Libraries of other platforms
 * may be missing; nothing else may, and nothing may be added but the values.
 */
export async function verifyFolder(
  context: AdoptContext,
  id: string,
  signal: AbortSignal | undefined,
): Promise<VerifiedFolder> {
  const { disk, layout, anchors, revocation, ask, platform } = context;
  const folder = layout.link(id);
  const at = context.at ?? context.clock();
  const evidence = await readEvidence(disk, folder, id);
  const { path, anchor } = judgePackagePath(parseCertificatesPem(evidence.certificatePem), anchors, at);
  const publisher = publisherOf({ path, anchor });
  const findings = await judgeRevocation(path, { at, revocation, ask, signal });
  const [leaf] = path;
  if (leaf === undefined) throw new DaemonError('INTERNAL_ERROR', 'A validated path is empty.');
  const publicKey = leaf.publicKey.keyObject;
  const map = await verifyEvidence({ ...evidence, publicKey });
  const plan = planOf(map, platform, id);
  await assertNothingElse(disk, folder, id, plan);

  const staging = stage(disk, layout.staging, plan);
  try {
    for (const [entry, path] of plan.files) {
      signal?.throwIfAborted();
      const verifier = contentVerifier(entry, map.get(entry) ?? Buffer.alloc(0), publicKey);
      await copyVerified(disk, join(folder, path), await staging.create(path), verifier);
    }
    const manifest = parseManifest(await disk.readFile(join(staging.tree, manifestName), maxManifestBytes));
    manifestNamesCertificate(manifest, `${id}.crt`);
    const { version } = manifest;
    const judged = { id, version, publisher, path, revocationMode: revocation, revocation: findings, at };
    const files = plan.files.size;
    return { plugin: { ...judged, files, evidence }, staging, libraries: librariesOf(plan) };
  } catch (error) {
    await staging.discard().catch((e: unknown) => context.onLeftover(e, id));
    throw error;
  }
}

async function readEvidence(disk: Disk, folder: string, id: string): Promise<JudgedPlugin['evidence']> {
  const read = async (name: string, maxBytes: number, code: JplErrorCode): Promise<Buffer> => {
    if ((await disk.kindOf(join(folder, name))) === 'file')
      return await disk.readFile(join(folder, name), maxBytes);
    throw new JplError(
      code,
      `The folder of ${id} has no ${name}: what nobody signed is not adopted. Install the plugin's package instead.`,
      { entry: name },
    );
  };
  return {
    certificatePem: await read(`${id}.crt`, maxCertificateBytes, 'CERTIFICATE_MISSING'),
    signatures: await read(signatureMapName, maxSignatureMapBytes, 'SIGNATURE_MAP_MISSING'),
    signaturesSig: await read(signatureOfMapName, maxSignatureBytes, 'SIGNATURE_OF_MAP_MISSING'),
  };
}

function planOf(map: ReadonlyMap<string, Uint8Array>, platform: string, id: string): TreePlan {
  const entries = [...map.keys()].map((name) => {
    // The archive's reader has judged the names of a package; those of a folder were only signed.
    assertPlainName(name);
    return { name, kind: name.endsWith('/') ? ('directory' as const) : ('file' as const) };
  });
  if (!map.has(manifestName))
    throw new JplError('MANIFEST_MISSING', `${id} has no ${manifestName}.`, { entry: manifestName });
  return planInstalledTree(entries, platform, { id });
}

function assertPlainName(name: string): void {
  const parts = name.replace(/\/$/, '').split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isPlain && !/[\0\\:]/.test(name)) return;
  throw new JplError('NAME_TRAVERSAL', `${JSON.stringify(name)} is not a path below the plugin's folder.`, {
    entry: name,
  });
}

async function assertNothingElse(disk: Disk, folder: string, id: string, plan: TreePlan): Promise<void> {
  const evidence = [signatureMapName, signatureOfMapName, `${id}.crt`];
  const known = new Set([...plan.files.values(), ...evidence]);
  const faults: TreeFault[] = await judgeNames(disk, folder, '', known, new Set(plan.directories));
  for (const path of plan.files.values())
    if ((await disk.kindOf(join(folder, path))) !== 'file') faults.push({ path, fault: 'missing' });
  const [first] = faults.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (first === undefined) return;
  throw new DaemonError(
    'FILES_CHANGED',
    `The folder of ${id} is not as it was signed: ${first.path} is ${first.fault}. Only ${preferencesName} may stand there besides.`,
    { entry: first.path, path: folder },
  );
}

async function copyVerified(
  disk: Disk,
  from: string,
  to: Awaited<ReturnType<Staging['create']>>,
  verifier: ReturnType<typeof contentVerifier>,
): Promise<void> {
  try {
    for await (const chunk of disk.readChunks(from)) {
      verifier.update(chunk);
      await to.write(chunk);
    }
  } finally {
    await to.close();
  }
  verifier.finish();
}

function librariesOf(plan: TreePlan): string[] {
  return [...plan.files].filter(([entry, path]) => entry !== path).map(([, path]) => path);
}

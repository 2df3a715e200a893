import { access, cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuthorityAdmin, createKeyAndCsr } from '@jami-plugin-store/authority';
import { currentPlatform, packPlugin, signPackage } from '@jami-plugin-store/jpl';
import { parseCertificatesPem } from '@jami-plugin-store/trust';
import { writeNew } from '../new-file.js';
import { UsageError } from '../usage-error.js';
import { compileLibrary } from './compile-library.js';

/** One row of `samples.json` beside the plugin folders. */
export interface Sample {
  readonly folder: string;
  readonly organization: string;
  /** What is wrong with it on purpose. */
  readonly flaw?: 'tampered' | 'revoked' | undefined;
}

export interface MadeSample extends Sample {
  readonly file: string;
  /** SHA-256 of the plugin's certificate, hex. */
  readonly certificate: string;
  /** Undefined: made by an earlier run. */
  readonly native?: boolean | undefined;
}

export async function readSamples(samplesDir: string): Promise<Sample[]> {
  try {
    return JSON.parse(await readFile(join(samplesDir, 'samples.json'), 'utf8')) as Sample[];
  } catch (error) {
    throw new UsageError('SAMPLES_NOT_READABLE', `${samplesDir} has no readable samples.json`, {
      cause: error,
    });
  }
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Builds, packs and signs one sample with a key and certificate of its own, once. The finished package is renamed into
 * place last, so a run that was killed half-way begins this sample again.
 */
export async function makeSample(
  dir: string,
  samplesDir: string,
  sample: Sample,
  authority: AuthorityAdmin,
  issuer: string,
): Promise<MadeSample> {
  const file = join(dir, 'packages', `${sample.folder}.jpl`);
  const material = join(dir, 'publishers', sample.folder);
  const chainFile = join(material, 'chain.pem');
  if (await isThere(file)) {
    return { ...sample, file, certificate: fingerprintOf(await readFile(chainFile)) };
  }
  await rm(material, { recursive: true, force: true });
  await mkdir(material, { recursive: true, mode: 0o700 });
  await mkdir(join(dir, 'packages'), { recursive: true });

  const build = join(dir, 'build', sample.folder);
  const native = await stage(join(samplesDir, sample.folder), sample.folder, build);
  const { privateKey, privateKeyPem, csrPem } = await createKeyAndCsr({
    subject: { CN: sample.folder },
    keyType: 'rsa-2048',
  });
  const { chainPem } = await authority.issuePlugin(Buffer.from(csrPem), { issuer });
  await writeNew(join(material, 'plugin.key'), privateKeyPem, 0o600);
  await writeNew(chainFile, chainPem, 0o644);

  const unfinished = `${file}.unfinished`;
  await packPlugin(build, unfinished);
  const certificatePem = Buffer.from(chainPem);
  await signPackage(unfinished, { privateKey, certificatePem }, unfinished);
  await rename(unfinished, file);
  return { ...sample, file, native, certificate: fingerprintOf(certificatePem) };
}

/** What goes into the package: manifest, data and, where it compiles, the library. The source stays out. */
async function stage(source: string, id: string, build: string): Promise<boolean> {
  await rm(build, { recursive: true, force: true });
  await mkdir(build, { recursive: true });
  await cp(join(source, 'manifest.json'), join(build, 'manifest.json'));
  await cp(join(source, 'data'), join(build, 'data'), { recursive: true });
  const extension = { win32: 'dll', darwin: 'dylib' }[process.platform as string] ?? 'so';
  const library = join(build, 'lib', currentPlatform(), `lib${id}.${extension}`);
  return await compileLibrary(join(source, 'src', 'plugin.c'), library);
}

function fingerprintOf(chainPem: Uint8Array): string {
  const [leaf] = parseCertificatesPem(chainPem);
  if (leaf === undefined) throw new UsageError('CERTIFICATE_MISSING', 'the certificate chain is empty');
  return leaf.fingerprint;
}

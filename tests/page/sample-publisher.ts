import { execFile } from 'node:child_process';
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type AuthorityAdmin, createKeyAndCsr } from '@jami-plugin-store/authority';
import {
  bufferSource,
  currentPlatform,
  openArchive,
  packPlugin,
  signPackage,
  writeArchive,
} from '@jami-plugin-store/jpl';
import { parseCertificatesPem } from '@jami-plugin-store/trust';

const run = promisify(execFile);
const samples = fileURLToPath(new URL('../../examples/plugins', import.meta.url));

/** A release made from one of the sample plugins. */
export interface SampleRelease {
  /** Folder in `examples/plugins`. */
  readonly id: string;
  readonly organization?: 'Northwind Labs' | 'Papillon Collective';
  readonly version?: string;
  /** Bytes beside the sample's own that nothing compresses, so that a download takes its time. */
  readonly bulk?: number;
  /** Small files beside the sample's own, so that verifying takes its time. */
  readonly files?: number;
  /** Compiles its library, so that it can be loaded. */
  readonly native?: boolean;
  /** Replaces the sample's preferences. */
  readonly preferences?: readonly object[];
  readonly accountPreferences?: readonly object[];
}

interface Material {
  readonly privateKey: KeyObject;
  readonly certificatePem: Buffer;
  /** SHA-256 of the plugin's certificate, hex. */
  readonly fingerprint: string;
}

/** Publishers of the samples: certified by a real authority, each plugin with a key of its own. */
export class SamplePublisher {
  readonly #authority: AuthorityAdmin;
  readonly #folder: string;
  readonly #packages: string;
  readonly #organizations = new Map<string, string>();
  readonly #files = new Map<string, string>();
  readonly #materials = new Map<string, Material>();

  /** @param packages folder a store offers from */
  constructor(authority: AuthorityAdmin, folder: string, packages: string) {
    this.#authority = authority;
    this.#folder = folder;
    this.#packages = packages;
  }

  /** Puts a release where the store finds it. @returns its package */
  async publish(release: SampleRelease): Promise<string> {
    const file = await this.make(release);
    const target = join(this.#packages, `${release.id}-${release.version ?? 'sample'}.jpl`);
    await writeFile(`${target}.unfinished`, await readFile(file));
    await rename(`${target}.unfinished`, target);
    return file;
  }

  /** Packs and signs a release. @returns its package */
  async make(release: SampleRelease): Promise<string> {
    const { id, organization = 'Northwind Labs' } = release;
    const material = await this.#materialOf(id, organization);
    const source = await this.#stage(release);
    await packPlugin(source, `${source}.unsigned`);
    await signPackage(`${source}.unsigned`, material, `${source}.jpl`);
    this.#files.set(id, `${source}.jpl`);
    return `${source}.jpl`;
  }

  /** The package that was made last of a plugin. */
  packageOf(id: string): string {
    const file = this.#files.get(id);
    if (file === undefined) throw new Error(`No package of ${id} was made`);
    return file;
  }

  /** Revokes the certificate of a plugin, as an authority does when a key was stolen. */
  async revoke(id: string): Promise<void> {
    const material = this.#materials.get(id);
    if (material === undefined) throw new Error(`${id} has no certificate`);
    await this.#authority.revoke({ certificate: material.fingerprint, reason: 'keyCompromise' });
  }

  async #materialOf(id: string, organization: string): Promise<Material> {
    const known = this.#materials.get(id);
    if (known !== undefined) return known;
    let issuer = this.#organizations.get(organization);
    if (issuer === undefined) {
      issuer = (await this.#authority.createOrganization({ commonName: organization })).keyId;
      this.#organizations.set(organization, issuer);
    }
    const { privateKeyPem, csrPem } = await createKeyAndCsr({ subject: { CN: id }, keyType: 'rsa-2048' });
    const { chainPem } = await this.#authority.issuePlugin(Buffer.from(csrPem), { issuer });
    const certificatePem = Buffer.from(chainPem);
    const material = {
      privateKey: createPrivateKey(privateKeyPem),
      certificatePem,
      fingerprint: parseCertificatesPem(certificatePem)[0]?.fingerprint ?? '',
    };
    this.#materials.set(id, material);
    return material;
  }

  async #stage(release: SampleRelease): Promise<string> {
    const { id, version, bulk = 0, files = 0, native = false } = release;
    const [from, to] = [join(samples, id), join(this.#folder, `${id}-${version ?? 'sample'}`)];
    await mkdir(to, { recursive: true });
    await cp(join(from, 'data'), join(to, 'data'), { recursive: true });
    const manifest = JSON.parse(await readFile(join(from, 'manifest.json'), 'utf8'));
    await writeFile(
      join(to, 'manifest.json'),
      JSON.stringify({ ...manifest, ...(version !== undefined && { version }) }),
    );
    if (bulk > 0) await writeFile(join(to, 'data', 'bulk.bin'), randomBytes(bulk));
    if (files > 0) await mkdir(join(to, 'data', 'paper'));
    for (let count = 0; count < files; count += 1)
      await writeFile(join(to, 'data', 'paper', `${count}.txt`), `paper ${count}\n`);
    const lists = { preferences: release.preferences, accountpreferences: release.accountPreferences };
    for (const [name, list] of Object.entries(lists)) {
      if (list !== undefined) await writeFile(join(to, 'data', `${name}.json`), JSON.stringify(list));
    }
    if (native) await compile(join(from, 'src', 'plugin.c'), join(to, 'lib', currentPlatform()), id);
    return to;
  }
}

async function compile(source: string, folder: string, id: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run('cc', ['-shared', '-fPIC', '-fvisibility=hidden', '-o', join(folder, `lib${id}.so`), source]);
}

/** One file inside a package is changed after it was signed; every signature stays as it was. */
export async function tampered(file: string, entryName: string): Promise<Buffer> {
  const archive = await openArchive(bufferSource(await readFile(file)));
  const entries = await Promise.all(
    archive.entries.map(async (entry) => {
      const data = await archive.read(entry);
      return {
        name: entry.name,
        data: entry.name === entryName ? Buffer.concat([data, Buffer.from(' ')]) : data,
      };
    }),
  );
  await writeArchive(entries, `${file}.tampered`);
  return await readFile(`${file}.tampered`);
}

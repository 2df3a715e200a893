import type { PackageImage } from '../catalog/package-facts.js';
import type { StoreQueries } from '../database/database.js';

/** Bytes that a row refers to. */
export interface WantedBlob {
  readonly sha256: string;
  readonly size: number;
  /** What refers to it, e.g. `package 12`. */
  readonly of: string;
}

const pageRows = 1_000;

/**
 * Every blob that a row refers to, each once.
 * @param afterPackage  only of packages with higher numbers, and installers
 */
export async function* wantedBlobs(queries: StoreQueries, afterPackage = 0): AsyncGenerator<WantedBlob> {
  const seen = new Set<string>();
  const isNew = ({ sha256 }: WantedBlob): boolean => seen.size < seen.add(sha256).size;
  for (let after = afterPackage; ; ) {
    const page = await queries
      .selectFrom('packages')
      .select(['number', 'sha256', 'size', 'icon', 'background'])
      .where('number', '>', after)
      .orderBy('number')
      .limit(pageRows)
      .execute();
    for (const { number, sha256, size, icon, background } of page) {
      const of = `package ${sha256}`;
      const images = [imageOf(icon, of), imageOf(background, of)].filter((image) => image !== undefined);
      yield* [{ sha256, size, of }, ...images].filter(isNew);
      after = number;
    }
    if (page.length < pageRows) break;
  }
  const installers = await queries
    .selectFrom('application_installers')
    .select(['sha256', 'size'])
    .orderBy('sha256')
    .execute();
  yield* installers.map((row) => ({ ...row, of: 'an installer' })).filter(isNew);
}

function imageOf(text: string | null, of: string): WantedBlob | undefined {
  if (text === null) return undefined;
  const { sha256, size, entry } = JSON.parse(text) as PackageImage;
  return { sha256, size, of: `${entry} of ${of}` };
}

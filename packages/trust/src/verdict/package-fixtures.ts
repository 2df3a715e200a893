/** Packages for tests, signed by hand so that each part can be made wrong on its own. */
import { type KeyObject, sign } from 'node:crypto';
import { Writable } from 'node:stream';
import {
  type Archive,
  bufferSource,
  encodeSignatureMap,
  openArchive,
  writeArchive,
} from '@jami-plugin-store/jpl';
import type { Issued } from './openssl-fixtures.js';

export interface Draft {
  certificateName: string;
  certificatePem: Buffer;
  /** Signed entries, in archive order. */
  files: Map<string, Buffer>;
  signatures: Map<string, Buffer>;
  /** Made of `signatures` where absent. */
  mapBytes?: Buffer | undefined;
  /** Signs `mapBytes`, where `mapSignature` is absent. */
  mapKey: KeyObject;
  mapSignature?: Buffer | undefined;
  /** Entries that no signature covers, added as they are. */
  extra: Map<string, Buffer>;
  /** Names left out of the archive after all was signed. */
  without: Set<string>;
  compress?: boolean;
}

export const signContent = (content: Uint8Array, key: KeyObject): Buffer => sign('RSA-SHA512', content, key);

export const manifestOf = (fields: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({ id: 'Example', name: 'Example', version: '1.0.0', description: 'A fixture', ...fields }),
  );

const smallFiles = (): Map<string, Buffer> =>
  new Map([
    ['data/', Buffer.alloc(0)],
    ['data/icon.png', Buffer.from('89504e470d0a1a0a', 'hex')],
    ['data/empty', Buffer.alloc(0)],
    ['manifest.json', manifestOf()],
  ]);

/** An honest package of these files: the chain's certificates in order, everything signed by the first one's key. */
export function draftOf(chain: readonly [Issued, ...Issued[]], files = smallFiles()): Draft {
  const [{ key }] = chain;
  return {
    certificateName: 'Example.crt',
    certificatePem: Buffer.concat(chain.map(({ pem }) => pem)),
    files,
    signatures: new Map([...files].map(([name, content]) => [name, signContent(content, key)])),
    mapKey: key,
    extra: new Map(),
    without: new Set(),
  };
}

export async function bytesOf(draft: Draft): Promise<Buffer> {
  const mapBytes = draft.mapBytes ?? encodeSignatureMap(draft.signatures);
  const entries = new Map([
    ...draft.files,
    ...draft.extra,
    [draft.certificateName, draft.certificatePem],
    ['signatures', mapBytes],
    ['signatures.sig', draft.mapSignature ?? signContent(mapBytes, draft.mapKey)],
  ]);
  for (const name of draft.without) entries.delete(name);
  const chunks: Buffer[] = [];
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  await writeArchive(
    [...entries].map(([name, data]) => ({ name, data })),
    out,
    { compress: draft.compress ?? true },
  );
  return Buffer.concat(chunks);
}

export async function archiveOf(draft: Draft): Promise<Archive> {
  return await openArchive(bufferSource(await bytesOf(draft)));
}

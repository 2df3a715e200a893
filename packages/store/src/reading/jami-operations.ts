import { type StoreErrorCode, StoreListing, StorePlugin, StoreVersions } from '@jami-plugin-store/contract';
import { type TSchema, Type } from 'typebox';
import { pluginIdParameter, type ReadingOperation, sha256Parameter } from './reading-route.js';

const platform = Type.String({
  pattern: '^[A-Za-z0-9._-]{1,64}$',
  description: 'Platform, e.g. x86_64-linux-gnu',
});
const arch = Type.Object({ arch: platform });
const badArch = ['PLATFORM_MISSING', 'PLATFORM_MALFORMED'] as const;
const badPlugin = [
  ...badArch,
  'PLUGIN_ID_MALFORMED',
  'PLUGIN_NOT_FOUND',
  'PLATFORM_NOT_OFFERED',
] as const satisfies StoreErrorCode[];

const jami = (
  summary: string,
  rest: Omit<ReadingOperation, 'summary' | 'tag' | 'refusals'> & { refusals?: ReadingOperation['refusals'] },
): ReadingOperation => ({ refusals: badPlugin, ...rest, summary, tag: 'jami' });

const bytes = { mediaType: 'application/octet-stream' } as const;
const image = { mediaType: 'image/*' } as const;
const aboutPlugin: { params: Readonly<Record<string, TSchema>>; query: TSchema } = {
  params: { id: pluginIdParameter },
  query: arch,
};

/** By path: what Jami's own clients ask for, and what is served in their manner. */
export const jamiOperations: Readonly<Record<string, ReadingOperation>> = {
  '/': jami('The newest of each plugin for a platform, oldest publication first', {
    query: arch,
    answer: StoreListing,
    refusals: badArch,
  }),
  '/details/:id': jami('The newest of one plugin', { ...aboutPlugin, answer: StorePlugin }),
  '/versions/:id': jami('Its versions, the newest first', { ...aboutPlugin, answer: StoreVersions }),
  '/icons/:id': jami('Its icon', {
    ...aboutPlugin,
    answer: image,
    refusals: [...badPlugin, 'IMAGE_NOT_FOUND'],
  }),
  '/backgrounds/:id': jami('Its background', {
    ...aboutPlugin,
    answer: image,
    refusals: [...badPlugin, 'IMAGE_NOT_FOUND'],
  }),
  '/download/:arch/:id': jami('The package: the newest, or exactly one version', {
    params: { arch: platform, id: pluginIdParameter },
    query: Type.Object({ version: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) }),
    answer: bytes,
  }),
  '/blobs/sha256/:digest': jami('A package by its digest: never changes', {
    params: { digest: sha256Parameter },
    answer: bytes,
    refusals: ['DIGEST_MALFORMED', 'BLOB_NOT_FOUND'],
  }),
  '/crl/:issuer': jami('A revocation list: the root’s ("root"), or an organization’s by its key identifier', {
    params: { issuer: Type.String({ minLength: 1, maxLength: 64 }) },
    answer: { mediaType: 'application/pkix-crl' },
    refusals: ['CRL_NOT_CONFIGURED', 'CRL_UNAVAILABLE'],
  }),
};

import type { DisabledReason, Remedy, UnansweredRevocation } from '@jami-plugin-store/contract';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Disk, isAbsent } from '../disk/disk.js';
import { replaceFile } from './durable-file.js';
import type { Layout } from './layout.js';
import { given } from './record.js';

/**
 * What the watch found out about one installed tree since it was installed; stands beside its record and goes with it. Files and
 * revocation are remembered apart: a file put back heals no revocation.
 */
export const Standing = Type.Object({
  format: Type.Literal(1),
  checkedAt: Type.String(),
  files: Type.Optional(Type.Object({ message: Type.String(), since: Type.String(), entry: Type.String() })),
  /** Certificates of the path that were revoked, plugin first. */
  revoked: Type.Optional(
    Type.Array(
      Type.Object({
        code: Type.Enum(['CERTIFICATE_REVOKED', 'CERTIFICATE_STATUS_UNKNOWN']),
        message: Type.String(),
        since: Type.String(),
        /** Subject, and SHA-256 of the certificate: only a good answer about this one takes it back. */
        certificate: Type.String(),
        fingerprint: Type.String(),
      }),
    ),
  ),
  unanswered: Type.Optional(
    Type.Object({
      code: Type.String(),
      message: Type.String(),
      since: Type.String(),
      graceEnds: Type.String(),
      isOverdue: Type.Boolean(),
    }),
  ),
});
export type Standing = Static<typeof Standing>;

const check = Compile(Standing);
const maxStandingBytes = 64 * 1024;

/** Undefined where nothing was found out yet, or what was written down cannot be read: the next check finds it out again. */
export async function readStanding(
  disk: Disk,
  layout: Layout,
  id: string,
  tree: string,
): Promise<Standing | undefined> {
  try {
    const bytes = await disk.readFile(layout.standing(id, tree), maxStandingBytes);
    const standing: unknown = JSON.parse(bytes.toString('utf8'));
    return check.Check(standing) ? standing : undefined;
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function writeStanding(
  disk: Disk,
  layout: Layout,
  { id, tree, standing }: { id: string; tree: string; standing: Standing },
): Promise<void> {
  await replaceFile(
    disk,
    layout,
    layout.standing(id, tree),
    Buffer.from(`${JSON.stringify(standing, null, 1)}\n`),
  );
}

/** Why a plugin is disabled, if it is; a revocation says more than a changed file. */
export function disabledReason(
  standing: Standing | undefined,
  hasPrevious: boolean,
): DisabledReason | undefined {
  const { revoked = [], files } = standing ?? {};
  const revocation = revoked.find(({ code }) => code === 'CERTIFICATE_REVOKED') ?? revoked[0];
  const offers: Remedy[] = hasPrevious ? ['reinstall', 'rollback', 'uninstall'] : ['reinstall', 'uninstall'];
  if (revocation !== undefined) {
    const { code, message, since, certificate } = revocation;
    return { code, message, since, certificate, offers };
  }
  if (files === undefined) return undefined;
  return { code: 'FILES_CHANGED', message: files.message, since: files.since, entry: files.entry, offers };
}

/** What a row or the details show of a standing. */
export function standingFields(
  standing: Standing | undefined,
  hasPrevious: boolean,
): { disabled?: DisabledReason; unanswered?: UnansweredRevocation; checkedAt?: string } {
  return {
    ...given('disabled', disabledReason(standing, hasPrevious)),
    ...given('unanswered', standing?.unanswered),
    ...given('checkedAt', standing?.checkedAt),
  };
}

import { readFile } from 'node:fs/promises';
import { notOffered, parseTrustAnchors } from '@jami-plugin-store/trust';
import { createDaemon } from '../daemon.js';
import { errorOutcome } from '../error-outcome.js';

/** `node unprivileged-child.js UID DATADIR ROOT PACKAGE AT PLATFORM`: one install as another user; says its outcome as JSON. */
const [uid, dataDir = '', root = '', path = '', at = '', platform] = process.argv.slice(2);
process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));

const outcome = await install().catch((error: unknown) => {
  const { code, message, resultCode } = errorOutcome(error);
  return { code, message, resultCode };
});
process.stdout.write(JSON.stringify(outcome));

async function install(): Promise<object> {
  await using daemon = await createDaemon({
    dataDir,
    anchors: parseTrustAnchors(await readFile(root)),
    revocation: 'when-named',
    ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
    clock: () => new Date(at),
    platform,
  });
  return await daemon.install({ path });
}

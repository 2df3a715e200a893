import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder with the folders it lies in; one that is there is fine. Not `mkdir` with `recursive`: where a file system answers ENOENT to
 * whoever makes a folder in a folder that is there (`/proc` does), that goes round for ever, in a thread that no signal ends.
 * @throws file system errors
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const failure = await failureToMake(path, mode);
  if (failure === undefined) return;
  const parent = dirname(path);
  if (!isAbsent(failure) || parent === path) throw failure;
  await makeFolder(parent, mode);
  // The parent is there by now, made here or by another process; once more is enough.
  const again = await failureToMake(path, mode);
  if (again !== undefined) throw again;
}

/** Undefined where the folder is there now. */
async function failureToMake(path: string, mode: number): Promise<unknown> {
  try {
    await mkdir(path, mode);
    return undefined;
  } catch (error) {
    return (await isFolder(path)) ? undefined : error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

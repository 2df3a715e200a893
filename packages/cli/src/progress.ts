import type { PluginSnapshot } from '@jami-plugin-store/contract';
import type { Io } from './io.js';

const barWidth = 24;

/** Draws one plugin's progress on one line of a terminal; says nothing where nobody watches. */
export function drawProgress(io: Io, snapshot: PluginSnapshot): void {
  if (!io.interactive) return;
  const { download, verification } = snapshot;
  if (snapshot.state === 'downloading' && download !== undefined) {
    const total = download.total ?? 0;
    const figures = `${mebibytes(download.received)} of ${total > 0 ? mebibytes(total) : '?'} MiB`;
    const waiting = download.broken === undefined ? '' : `, waiting: ${download.broken.code}`;
    line(io, `Downloading ${bar(total > 0 ? download.received / total : 0)} ${figures}${waiting}`);
  } else if (snapshot.state === 'installing') {
    const { done, of } = verification ?? { done: 0, of: 0 };
    line(io, `Verifying   ${bar(of > 0 ? done / of : 0)} ${done} of ${of} files`);
  } else line(io, '');
}

function line(io: Io, text: string): void {
  io.stderr(`\r\u001b[K${text}`);
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, share) * barWidth);
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/** Draws how much of an upload is there, and that the store is judging once all of it is. */
export function drawUpload(io: Io, sent: number, of: number): void {
  if (!io.interactive) return;
  if (sent >= of) line(io, 'Uploaded; the store judges it');
  else line(io, `Uploading   ${bar(sent / of)} ${mebibytes(sent)} of ${mebibytes(of)} MiB`);
}

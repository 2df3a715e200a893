import type { PluginSnapshot } from '@jami-plugin-store/contract';
import type { Io } from './io.js';
import { printable } from './printable.js';

const barWidth = 24;

/** Draws one plugin's progress on one line of a terminal; says nothing where nobody watches. */
export function drawProgress(io: Io, snapshot: PluginSnapshot, about = ''): void {
  if (!io.interactive) return;
  const { download, verification } = snapshot;
  if ((snapshot.state === 'downloading' || snapshot.state === 'waiting') && download !== undefined) {
    const waiting = download.broken === undefined ? '' : `, waiting: ${download.broken.code}`;
    drawDownload(io, download.received, download.total, { about, waiting });
  } else if (snapshot.state === 'installing') {
    const { done, of } = verification ?? { done: 0, of: 0 };
    drawVerifying(io, done, of, about);
  } else line(io, '');
}

/** Draws how much of a download is there; `total` in bytes where it is known. */
export function drawDownload(
  io: Io,
  received: number,
  total = 0,
  { about = '', waiting = '' }: { about?: string; waiting?: string } = {},
): void {
  if (!io.interactive) return;
  const figures = `${mebibytes(received)} of ${total > 0 ? mebibytes(total) : '?'} MiB`;
  line(io, `${about}Downloading ${bar(total > 0 ? received / total : 0)} ${figures}${waiting}`);
}

/** Draws how many files of a package are verified. */
export function drawVerifying(io: Io, done: number, of: number, about = ''): void {
  if (!io.interactive) return;
  line(io, `${about}Verifying   ${bar(of > 0 ? done / of : 0)} ${done} of ${of} files`);
}

/** What was drawn makes room for what is said next. */
export function clearProgress(io: Io): void {
  if (io.interactive) line(io, '');
}

/** No longer than the terminal is wide: a line that wraps could not be drawn over. */
function line(io: Io, text: string): void {
  io.stderr(`\r\u001b[K${printable(text).slice(0, (io.columns || 80) - 1)}`);
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

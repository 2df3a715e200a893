import type { KeyObject } from 'node:crypto';
import type { Archive, ArchiveEntry } from '@jami-plugin-store/jpl';
import { InFlightGate } from './in-flight-gate.js';
import { contentVerifier, verifyContent } from './signature-check.js';
import type { EntrySink } from './verified-plugin.js';

const maxInFlight = 64;
const maxBytesInFlight = 32 * 1024 * 1024;
/** Larger entries pass by in chunks. */
const maxWholeBytes = 8 * 1024 * 1024;

export interface SignedEntry {
  readonly entry: ArchiveEntry;
  readonly signature: Uint8Array;
}

export interface EntryVerification {
  readonly publicKey: KeyObject;
  readonly sink?: EntrySink | undefined;
  readonly signal: AbortSignal;
  /** Told of each entry once its signature holds; without its content where that passed by in chunks. */
  readonly onVerified?: ((entry: ArchiveEntry, content: Buffer | undefined) => void) | undefined;
}

/**
 * Inflates, hashes, verifies and hands on every entry once, several at a time, in bounded memory. Files go to the sink;
 * a directory has nothing to hand on.
 *
 * Settles only when nothing is running any more: then the sink is not called again, and each of its writers has been
 * closed or aborted. Of several failures the one first in the archive is thrown, whichever came sooner.
 * @throws {TrustError} SIGNATURE_INVALID
 * @throws {JplError} what is wrong with an entry's data
 * @throws the sink's own error, or the signal's reason
 */
export async function verifyEntries(
  archive: Archive,
  entries: readonly SignedEntry[],
  verification: EntryVerification,
): Promise<void> {
  const { signal } = verification;
  const gate = new InFlightGate({ maxCount: maxInFlight, maxBytes: maxBytesInFlight });
  const running = new Set<Promise<void>>();
  let firstFailure: { readonly index: number; readonly error: unknown } | undefined;
  // Work behind a failure cannot change the answer any more; work before it still can.
  const isMoot = (index: number): boolean =>
    signal.aborted || (firstFailure !== undefined && index > firstFailure.index);

  for (const [index, signed] of entries.entries()) {
    const weight = isWhole(signed.entry) ? signed.entry.size : maxBytesInFlight;
    await gate.enter(weight);
    if (isMoot(index)) break;
    const work = verifyOne(archive, signed, verification, () => isMoot(index))
      .catch((error: unknown) => {
        if (firstFailure === undefined || index < firstFailure.index) firstFailure = { index, error };
      })
      .finally(() => {
        running.delete(work);
        gate.leave(weight);
      });
    running.add(work);
  }
  await Promise.all(running);
  signal.throwIfAborted();
  if (firstFailure !== undefined) throw firstFailure.error;
}

function isWhole(entry: ArchiveEntry): boolean {
  return entry.size <= maxWholeBytes;
}

async function verifyOne(
  archive: Archive,
  signed: SignedEntry,
  verification: EntryVerification,
  isMoot: () => boolean,
): Promise<void> {
  if (isWhole(signed.entry)) await verifyWhole(archive, signed, verification, isMoot);
  else await verifyStreamed(archive, signed, verification, isMoot);
}

async function verifyWhole(
  archive: Archive,
  { entry, signature }: SignedEntry,
  { publicKey, sink, onVerified }: EntryVerification,
  isMoot: () => boolean,
): Promise<void> {
  const content = await archive.read(entry);
  if (isMoot()) return;
  const writer = entry.kind === 'file' && sink?.wants(entry) ? sink : undefined;
  const [verified, written] = await Promise.allSettled([
    verifyContent(entry.name, content, signature, publicKey),
    // Asynchronous from its first step: what a writer throws must not leave the other one unattended.
    (async () => await writer?.write(entry, content))(),
  ]);
  if (verified.status === 'rejected') throw verified.reason;
  if (written.status === 'rejected') throw written.reason;
  if (!isMoot()) onVerified?.(entry, content);
}

async function verifyStreamed(
  archive: Archive,
  { entry, signature }: SignedEntry,
  { publicKey, sink, onVerified }: EntryVerification,
  isMoot: () => boolean,
): Promise<void> {
  const verifier = contentVerifier(entry.name, signature, publicKey);
  const writer = sink?.wants(entry) ? await sink.open(entry) : undefined;
  try {
    for await (const chunk of archive.stream(entry)) {
      if (isMoot()) throw new Error('Stopped: the outcome is decided');
      // The write runs in the pool while this thread hashes.
      const written = writer?.write(chunk);
      verifier.update(chunk);
      await written;
    }
    verifier.finish();
    await writer?.close();
    onVerified?.(entry, undefined);
  } catch (error) {
    // Why it was given up says more than that giving up failed too; the sink's owner discards what is left.
    await writer?.abort().catch(() => undefined);
    throw error;
  }
}

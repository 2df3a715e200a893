import { JplError } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import { PublishingRefusal, StoreUnreachable } from './publishing/publishing-refusal.js';
import { exitCodeOf, InstallFailure, type Refusal, refusalOfFailure } from './refusal.js';
import { UsageError } from './usage-error.js';

/** What judging a package throws, as a refusal; undefined for every other error. Needs no other room than the judge's own. */
export function judgementRefusal(error: unknown): Refusal | undefined {
  if (error instanceof UsageError) return { code: error.code, message: error.message, exitCode: 2 };
  if (!(error instanceof JplError || error instanceof TrustError)) return undefined;
  const { code, message, entry } = error;
  const certificate = error instanceof TrustError ? error.certificate : undefined;
  return { code, message, entry, certificate, exitCode: exitCodeOf(code) };
}

/**
 * The rooms' own errors as refusals; anything else is a defect of ours and is thrown on with its stack. Rooms are loaded here,
 * so that a command which succeeds loads only those it works with.
 */
export async function refusalOf(error: unknown): Promise<Refusal> {
  if (error instanceof UsageError) return { code: error.code, message: error.message, exitCode: 2 };
  if (error instanceof InstallFailure) return refusalOfFailure(error.failure);
  if (error instanceof PublishingRefusal) {
    const { code, detail, entry, certificate, resultCode } = error.problem;
    return { code, message: detail, entry, certificate, resultCode, exitCode: 1 };
  }
  if (error instanceof StoreUnreachable) return { code: error.code, message: error.message, exitCode: 1 };
  const { roomRefusal } = await import('./room-refusal.js');
  return roomRefusal(error);
}

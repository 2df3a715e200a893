import type { DaemonProblem } from '@jami-plugin-store/contract';
import { useEffect, useRef, useState } from 'react';
import type { Reason } from '../failure/failure-words.js';
import { useHost } from '../page/page-context.js';
import { reasonOf } from '../page/page-error.js';
import { daemonProblemIn, sendPackage } from '../page/send-package.js';

/** What the user allows after a refusal. */
export interface HandConsent {
  readonly acceptPublisher?: string;
  readonly force?: 'true';
}

/** A file on its way to being installed; `name` is what the user calls it. */
export type Handover = { readonly name: string } & (
  | { readonly state: 'sending'; readonly share: number | undefined }
  | { readonly state: 'judging'; readonly done: number; readonly of: number }
  | { readonly state: 'installed'; readonly id: string; readonly version: string }
  | {
      readonly state: 'refused';
      readonly reason: Reason;
      readonly problem: DaemonProblem | undefined;
      readonly file: File;
    }
);

const shownMs = 4_000;

/** Hands one file at a time to the host, and follows what becomes of it. */
export function useHandover() {
  const { listen } = useHost();
  const [handover, setHandover] = useState<Handover>();
  const current = useRef<{ job: string; closing: AbortController }>(undefined);

  useEffect(
    () =>
      listen((event) => {
        if (event.type !== 'package' || event.job !== current.current?.job) return;
        const { done, of } = event;
        setHandover((known) => known && { name: known.name, state: 'judging', done, of });
      }),
    [listen],
  );
  useEffect(() => () => current.current?.closing.abort(), []);
  const isInstalled = handover?.state === 'installed';
  useEffect(() => {
    if (!isInstalled) return;
    const timer = setTimeout(() => setHandover(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [isInstalled]);

  const hand = (file: File, consent: HandConsent = {}): void => {
    // One after the other: the first is let go on.
    if (current.current !== undefined) return;
    const { name } = file;
    const job = crypto.randomUUID();
    const closing = new AbortController();
    current.current = { job, closing };
    setHandover({ name, state: 'sending', share: 0 });
    sendPackage(file, {
      query: { name, job, ...consent },
      signal: closing.signal,
      onProgress: (sent, total) =>
        setHandover(
          sent < total
            ? { name, state: 'sending', share: total === 0 ? undefined : sent / total }
            : { name, state: 'judging', done: 0, of: 0 },
        ),
    })
      .then(({ id, version }) => setHandover({ name, state: 'installed', id, version }))
      .catch((error: unknown) => {
        if (closing.signal.aborted) return;
        setHandover({
          name,
          state: 'refused',
          reason: reasonOf(error),
          problem: daemonProblemIn(error),
          file,
        });
      })
      .finally(() => {
        current.current = undefined;
      });
  };
  return { handover, hand, clear: () => setHandover(undefined) };
}

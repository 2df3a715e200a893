import type { PluginView } from '@jami-plugin-store/contract';
import { useEffect, useRef, useState } from 'react';
import { sentenceOf } from '../failure/failure-words.js';
import { classNames } from '../look/class-names.js';
import { CodeWord } from '../look/tag.js';
import { useShell } from '../page/page-queries.js';
import { useWords } from '../texts/use-words.js';
import classes from './state-line.module.css';
import { type StateWords, stateWords } from './state-words.js';

const saidEveryMs = 10_000;
const saidEveryShare = 0.25;

/** How far something has come, as far as it can be told. */
function shareOf({ snapshot: { download, verification } }: PluginView): number | undefined {
  if (verification !== undefined && verification.of > 0) return verification.done / verification.of;
  if (download?.total !== undefined && download.total > 0) return download.received / download.total;
  return undefined;
}

/**
 * What a screen reader is told: a new state at once, progress at most every ten seconds or every quarter. The line on the
 * screen counts on beside it.
 */
export function useSaid(view: PluginView, words: string): string {
  const { state } = view.snapshot;
  const share = shareOf(view);
  const [said, setSaid] = useState(words);
  const last = useRef({ state, share, at: Number.NEGATIVE_INFINITY });
  useEffect(() => {
    const now = performance.now();
    const isNews =
      state !== last.current.state ||
      share === undefined ||
      share === 1 ||
      Math.abs(share - (last.current.share ?? 0)) >= saidEveryShare ||
      now - last.current.at >= saidEveryMs;
    if (!isNews) return;
    last.current = { state, share, at: now };
    setSaid(words);
  }, [state, share, words]);
  return said;
}

/** The two lines beside a card's figure. */
export function StateLine({ view, verified }: { view: PluginView; verified: number | undefined }) {
  const words = useWords();
  const { platform } = useShell();
  const line = stateWords(view, words, { platform, verified });
  const { failure } = view.snapshot;
  // The reason first, then the code.
  const said = useSaid(
    view,
    failure === undefined ? spoken(line) : `${line.state}. ${sentenceOf(failure, words.t)} ${failure.code}`,
  );
  return (
    <div className={classNames(classes.line, classes[line.tone], 'num')}>
      <p aria-hidden="true">
        <b>{line.state}</b>
        {line.code === undefined ? <span>{line.detail}</span> : <CodeWord>{line.code}</CodeWord>}
      </p>
      <p className="sr" role="status">
        {said}
      </p>
    </div>
  );
}

export function spoken({ state, detail, code }: StateWords): string {
  return [state, code ?? detail].filter(Boolean).join('. ');
}

import { useId } from 'react';
import { sentenceOf } from '../failure/failure-words.js';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { Icon } from '../look/icon.js';
import { DownloadRing, SealRing, VerifyRing } from '../look/ring.js';
import { CodeWord } from '../look/tag.js';
import { Rich } from '../texts/rich.js';
import { useWords } from '../texts/use-words.js';
import classes from './drop-zone.module.css';
import { PackageQuestion } from './package-question.js';
import { type Handover, useHandover } from './use-handover.js';
import { usePageDrop } from './use-page-drop.js';

/** Leads to the place for a file, from wherever it is offered. */
export function focusFileChoice(): void {
  document.querySelector<HTMLInputElement>('input[type=file]')?.focus();
}

/** Where a package from elsewhere is installed: chosen, or dropped anywhere on the page. */
export function DropZone() {
  const { t } = useWords();
  const input = useId();
  const { handover, hand, clear } = useHandover();
  const isOver = usePageDrop((file) => hand(file));
  return (
    <div className={classNames(classes.drop, isOver && classes.over)}>
      <HandoverFigure handover={handover} />
      <p className={classes.words}>
        {handover === undefined ? (
          isOver ? (
            <b>{t('drop.release')}</b>
          ) : (
            <>
              <b>{t('drop.title')}</b> <Rich t={t} text="drop.say" />
            </>
          )
        ) : (
          <HandoverWords handover={handover} />
        )}
      </p>
      <p className="sr" role="status">
        <HandoverSaid handover={handover} />
      </p>
      {handover?.state === 'refused' && (
        <Button face="plain" onClick={clear}>
          {t('common.close')}
        </Button>
      )}
      <label className={classes.choose}>
        <input
          id={input}
          className={classes.file}
          type="file"
          accept=".jpl"
          aria-label={t('drop.chooseName')}
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file !== undefined) hand(file);
            // The same file may be chosen again.
            event.currentTarget.value = '';
          }}
        />
        <span aria-hidden="true">{t('drop.choose')}</span>
      </label>
      {handover?.state === 'refused' && <PackageQuestion handover={handover} hand={hand} clear={clear} />}
    </div>
  );
}

function HandoverFigure({ handover }: { handover: Handover | undefined }) {
  if (handover?.state === 'sending') return <DownloadRing share={handover.share} size={34} />;
  if (handover?.state === 'judging')
    return <VerifyRing share={handover.of === 0 ? 0 : handover.done / handover.of} size={34} />;
  if (handover?.state === 'installed') return <SealRing seal="verified" size={34} isFresh />;
  if (handover?.state === 'refused') return <SealRing seal="changed" size={34} />;
  return <Icon name="download" size={22} className={classes.icon} />;
}

function HandoverWords({ handover }: { handover: Handover }) {
  const { t, number } = useWords();
  const { name } = handover;
  switch (handover.state) {
    case 'sending':
      return <b>{t('drop.sending', { name })}</b>;
    case 'judging':
      return (
        <>
          <b>{t('drop.judging', { name })}</b>{' '}
          {handover.of > 0 && (
            <span className="num">
              {t('states.files', {
                count: handover.of,
                done: number(handover.done),
                of: number(handover.of),
              })}
            </span>
          )}
        </>
      );
    case 'installed':
      return <b>{t('drop.installed', { name: handover.id, version: handover.version })}</b>;
    case 'refused':
      return (
        <>
          <b>{t('drop.refused', { name })}</b> {sentenceOf(handover.reason, t)}{' '}
          <CodeWord>{handover.reason.code}</CodeWord>
        </>
      );
  }
}

/** What is read out: each state once, not every file of it. */
function HandoverSaid({ handover }: { handover: Handover | undefined }) {
  const { t } = useWords();
  if (handover === undefined) return null;
  const { name } = handover;
  if (handover.state === 'sending') return t('drop.sending', { name });
  if (handover.state === 'judging') return t('drop.judging', { name });
  if (handover.state === 'installed')
    return t('drop.installed', { name: handover.id, version: handover.version });
  return `${t('drop.refused', { name })}. ${sentenceOf(handover.reason, t)} ${handover.reason.code}`;
}

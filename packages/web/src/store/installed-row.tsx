import type { PluginView } from '@jami-plugin-store/contract';
import { memo, useId } from 'react';
import { useFailure } from '../failure/failure-opener.js';
import { sentenceOf } from '../failure/failure-words.js';
import { addressOf } from '../frame/screens.js';
import { PluginIcon } from '../look/art.js';
import { Button, buttonClass } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { Icon } from '../look/icon.js';
import { SealMark } from '../look/seal-mark.js';
import { CodeWord } from '../look/tag.js';
import { useShell } from '../page/page-queries.js';
import { usePluginWish } from '../page/page-wishes.js';
import { LoadSwitch } from '../plugin/load-switch.js';
import { actionsOf, isBusy } from '../plugin/plugin-actions.js';
import { PluginFigure } from '../plugin/plugin-figure.js';
import { PluginMenu } from '../plugin/plugin-menu.js';
import { spoken, useSaid } from '../plugin/state-line.js';
import { stateWords } from '../plugin/state-words.js';
import { useWords } from '../texts/use-words.js';
import classes from './installed-row.module.css';
import { RowTags, standingOf } from './row-standing.js';

/** Where the focus goes when a plugin moves from the available ones up here. */
export function rowIdOf(key: string): string {
  return `row ${key}`;
}

/** One installed plugin. */
export const InstalledRow = memo(function InstalledRow({
  view,
  rowKey,
  isFresh,
}: {
  view: PluginView;
  rowKey: string;
  isFresh: boolean;
}) {
  const words = useWords();
  const { t } = words;
  const heading = useId();
  const { name, installed, snapshot } = view;
  const details = { name: 'plugin', store: view.store, id: snapshot.id } as const;
  const standing = standingOf(view, words);
  const isOff =
    installed?.state === 'disabled' || installed?.state === 'unmanaged' || installed?.state === 'damaged';
  return (
    <article className={classNames(classes.row, isFresh && classes.fresh)} aria-labelledby={heading}>
      <PluginIcon src={view.icon} name={name} size="row" isOff={isOff} />
      <div className={classes.who}>
        <h3 id={heading} className={classes.name}>
          <a id={rowIdOf(rowKey)} href={addressOf(details)}>
            {name}
          </a>
          <RowTags view={view} />
        </h3>
        <p className={classes.sub}>
          <span className="num">{installed?.version ?? t('installed.noVersion')}</span>
          <span aria-hidden="true">{t('common.dot')}</span>
          <SealMark seal={view.seal} />
          <span>
            {view.publisher ?? t('available.byNobody')}
            <span className="sr">. {t(`seal.${view.seal}`)}</span>
          </span>
        </p>
        {standing !== undefined && (
          <p className={classes.standing}>
            {standing.text} {standing.code !== undefined && <CodeWord>{standing.code}</CodeWord>}
          </p>
        )}
      </div>
      <RowState view={view} isFresh={isFresh} />
      <LoadSwitch view={view} />
      <div className={classes.tools}>
        {installed?.hasPreferences === true && (
          <a
            className={buttonClass('icon', classes.preferences)}
            href={addressOf({ ...details, part: 'preferences' })}
            aria-label={t('installed.preferences', { name })}
            title={t('actions.preferences')}
          >
            <Icon name="sliders" size={20} />
          </a>
        )}
        <PluginMenu view={view} place="row" />
      </div>
    </article>
  );
});

/** What is going on with it, or what can be done about it: one figure, one place. */
function RowState({ view, isFresh }: { view: PluginView; isFresh: boolean }) {
  const words = useWords();
  const { t } = words;
  const { platform } = useShell();
  const { explain } = useFailure();
  const { failure, state } = view.snapshot;
  const line = stateWords(view, words, { platform });
  const note = isFresh ? t('installed.justNow') : state === 'installed' ? t('installed.upToDate') : '';
  const said = useSaid(
    view,
    failure
      ? `${line.state}. ${sentenceOf(failure, t)} ${failure.code}`
      : state === 'installed'
        ? note
        : spoken(line),
  );
  const isWorking = isBusy(view);
  return (
    <div className={classNames(classes.state, (note === '' || failure !== undefined) && classes.active)}>
      <span className="sr" role="status">
        {said}
      </span>
      {isWorking && (
        <span className={classNames(classes.note, classes.stays, 'num')} aria-hidden="true">
          <b>{line.state}</b> {line.detail}
        </span>
      )}
      {failure === undefined && !isWorking && note !== '' && (
        <span className={classes.note} aria-hidden="true">
          {note}
        </span>
      )}
      {failure !== undefined && (
        <Button
          face="link"
          aria-label={t('actions.whatNowName', { name: view.name })}
          onClick={() => explain(view)}
        >
          {t('actions.whatNow')}
        </Button>
      )}
      <Remedy view={view} />
      <PluginFigure view={view} face="row" />
    </div>
  );
}

/** For what is turned off or in doubt: the one thing that helps, where the figure does not offer it. */
function Remedy({ view }: { view: PluginView }) {
  const { t } = useWords();
  const wish = usePluginWish();
  const { explain } = useFailure();
  const can = actionsOf(view);
  const { installed, name } = view;
  if (installed?.state === 'unmanaged' && can.has('adopt')) {
    return (
      <Button
        face="soft"
        isBusy={wish.isPending}
        aria-label={t('actions.adoptName', { name })}
        onClick={() => wish.mutate({ view, action: 'adopt' })}
      >
        {t('actions.adopt')}
      </Button>
    );
  }
  if (view.snapshot.state === 'disabled') {
    return (
      <Button face="link" aria-label={t('actions.whatNowName', { name })} onClick={() => explain(view)}>
        {t('actions.whatNow')}
      </Button>
    );
  }
  if (installed?.unanswered !== undefined && can.has('check')) {
    return (
      <Button
        isBusy={wish.isPending}
        aria-label={t('actions.checkName', { name })}
        onClick={() => wish.mutate({ view, action: 'check' })}
      >
        {t('actions.check')}
      </Button>
    );
  }
  return null;
}

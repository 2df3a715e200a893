import type { ActivityEntry, PluginView } from '@jami-plugin-store/contract';
import { useMemo } from 'react';
import { sentenceOf } from '../failure/failure-words.js';
import { addressOf } from '../frame/screens.js';
import { PluginIcon } from '../look/art.js';
import { buttonClass } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { WatchingRing } from '../look/ring.js';
import { CodeWord, Tag, type Tone } from '../look/tag.js';
import { reasonOf } from '../page/page-error.js';
import { useActivity, useLivePlugins } from '../page/page-queries.js';
import { VirtualGrid } from '../store/virtual-grid.js';
import { useWords } from '../texts/use-words.js';
import classes from './activity-screen.module.css';
import { UpdateFindings } from './update-findings.js';

/** What was installed, changed and refused on this computer. */
export default function ActivityScreen({ plugin }: { plugin: string | undefined }) {
  const { t } = useWords();
  const { data, error, isPending } = useActivity();
  const views = useLivePlugins();
  const byId = useMemo(() => new Map(views.map((view) => [view.snapshot.id, view])), [views]);
  const entries = useMemo(
    () =>
      [...(data?.entries ?? [])].reverse().filter((entry) => plugin === undefined || entry.plugin === plugin),
    [data, plugin],
  );
  return (
    <div className={classes.screen}>
      <div>
        <h1 className={classes.title}>{t('activity.title')}</h1>
        <p className={classes.lead}>{t('activity.say')}</p>
      </div>
      {plugin !== undefined && (
        <p className={classes.filter}>
          <Tag tone="accent">{t('activity.of', { name: byId.get(plugin)?.name ?? plugin })}</Tag>
          <a className={buttonClass('plain')} href={addressOf({ name: 'activity' })}>
            {t('activity.all')}
          </a>
        </p>
      )}
      {plugin === undefined && <UpdateFindings views={byId} />}
      <section aria-labelledby="log">
        <h2 id="log" className={classes.heading}>
          {t('activity.log')}
        </h2>
        {isPending ? (
          <p className={classes.quiet} role="status">
            <WatchingRing /> {t('activity.loading')}
          </p>
        ) : error !== null ? (
          <p className={classes.quiet} role="alert">
            {sentenceOf(reasonOf(error), t)} <CodeWord>{reasonOf(error).code}</CodeWord>
          </p>
        ) : entries.length === 0 ? (
          <p className={classes.quiet}>{t('activity.none')}</p>
        ) : (
          <div className={panel.panel}>
            <VirtualGrid
              items={entries}
              keyOf={({ number }) => String(number)}
              label={t('activity.log')}
              columnPx="one"
              gapPx={0}
              rowPx={64}
              render={(entry) => (
                <Entry entry={entry} view={entry.plugin === null ? undefined : byId.get(entry.plugin)} />
              )}
            />
          </div>
        )}
        {data?.hasMore === true && <p className={classes.more}>{t('activity.hasMore')}</p>}
      </section>
    </div>
  );
}

const toneOf: Readonly<Record<ActivityEntry['action'], Tone>> = {
  install: 'good',
  update: 'good',
  rollback: 'accent',
  adopt: 'good',
  uninstall: 'neutral',
  disable: 'bad',
  heal: 'good',
  unanswered: 'warn',
  refuse: 'bad',
  recover: 'neutral',
};

function Entry({ entry, view }: { entry: ActivityEntry; view: PluginView | undefined }) {
  const { t, moment } = useWords();
  const { action, plugin, from, to, code, message, by, at, publisher } = entry;
  const name = view?.name ?? plugin ?? t('activity.anonymous');
  const version = to ?? from ?? '';
  return (
    <article className={classes.entry} aria-label={name}>
      <PluginIcon
        src={view?.icon}
        name={plugin === null ? '' : name}
        size="row"
        isOff={action === 'disable'}
      />
      <div className={classes.words}>
        <p className={classes.name}>
          {view === undefined ? (
            name
          ) : (
            <a href={addressOf({ name: 'plugin', store: view.store, id: view.snapshot.id })}>{name}</a>
          )}
          <Tag tone={toneOf[action]}>{t(`activity.what.${action}`, { version, from: from ?? '' })}</Tag>
        </p>
        {code === null ? (
          publisher !== null && <p className={classes.say}>{t('available.by', { publisher })}</p>
        ) : (
          <p className={classes.say}>
            {sentenceOf({ code, message }, t)}{' '}
            <CodeWord tone={toneOf[action] === 'bad' ? 'bad' : 'neutral'}>{code}</CodeWord>
          </p>
        )}
      </div>
      <p className={classNames(classes.when, 'num')}>
        <time dateTime={at}>{moment(at)}</time>
        <span>{t(`activity.by.${by}`)}</span>
      </p>
    </article>
  );
}

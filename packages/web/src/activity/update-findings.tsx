import type { PluginView, UpdateEntry } from '@jami-plugin-store/contract';
import { sentenceOf } from '../failure/failure-words.js';
import { addressOf } from '../frame/screens.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { CodeWord, Tag, type Tone } from '../look/tag.js';
import { useShell, useUpdateReport } from '../page/page-queries.js';
import { useNow } from '../texts/use-now.js';
import { useWords } from '../texts/use-words.js';
import classes from './activity-screen.module.css';

const shown = 12;

const toneOf: Readonly<Record<UpdateEntry['what'], Tone>> = {
  found: 'accent',
  'held-back': 'neutral',
  updated: 'good',
  failed: 'bad',
  yanked: 'warn',
  revoked: 'bad',
  deprecated: 'warn',
  gone: 'neutral',
};

/** What the last looks for updates found, and what was done about it. */
export function UpdateFindings({ views }: { views: ReadonlyMap<string, PluginView> }) {
  const { t, ago, ahead } = useWords();
  useNow();
  const { updates } = useShell();
  const { data } = useUpdateReport();
  if (data === undefined) return null;
  const { entries, failures } = data;
  const checkedAt = updates.checkedAt ?? data.checkedAt;
  const nextCheckAt = updates.nextCheckAt ?? data.nextCheckAt;
  return (
    <section aria-labelledby="findings">
      <h2 id="findings" className={classes.heading}>
        {t('activity.updates')}
      </h2>
      <p className={classes.say}>
        {checkedAt !== undefined && t('installed.checkedAt', { when: ago(checkedAt) })}
        {nextCheckAt !== undefined &&
          ` ${t('common.dot')} ${t('activity.nextCheck', { when: ahead(nextCheckAt) })}`}
      </p>
      {failures.map(({ store, failure }) => (
        <p key={store} className={classes.say}>
          {t('activity.storeFailed', { store })} {sentenceOf(failure, t)} <CodeWord>{failure.code}</CodeWord>
        </p>
      ))}
      {entries.length > 0 && (
        <ul className={classNames(panel.panel, classes.findings)} aria-label={t('activity.updates')}>
          {entries.slice(0, shown).map((entry) => (
            <li key={`${entry.at} ${entry.store} ${entry.plugin} ${entry.what}`}>
              <Finding entry={entry} view={views.get(entry.plugin)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Finding({ entry, view }: { entry: UpdateEntry; view: PluginView | undefined }) {
  const { t, ago } = useWords();
  const { what, to, code, message, at, plugin } = entry;
  const name = view?.name ?? plugin;
  return (
    <p className={classes.finding}>
      <span>
        {view === undefined ? (
          name
        ) : (
          <a href={addressOf({ name: 'plugin', store: view.store, id: view.snapshot.id })}>{name}</a>
        )}
      </span>
      <Tag tone={toneOf[what]}>{t(`activity.found.${what}`, { to: to ?? '' })}</Tag>
      {what === 'failed' && code !== undefined ? (
        <span className={classes.say}>
          {sentenceOf({ code, message: message ?? '' }, t)} <CodeWord>{code}</CodeWord>
        </span>
      ) : (
        message !== undefined && <span className={classes.say}>{message}</span>
      )}
      <time dateTime={at}>{ago(at)}</time>
    </p>
  );
}

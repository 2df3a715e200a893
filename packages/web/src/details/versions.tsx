import type { PluginPage, PluginView } from '@jami-plugin-store/contract';
import { useState } from 'react';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { Tag } from '../look/tag.js';
import { usePluginWish } from '../page/page-wishes.js';
import { actionsOf } from '../plugin/plugin-actions.js';
import { plainText } from '../texts/plain-text.js';
import { useWords } from '../texts/use-words.js';
import classes from './versions.module.css';

const shownAtFirst = 3;
const longestLog = 600;

type Release = PluginPage['releases'][number];

/** What was published, newest first: which one is installed, which is kept, what changed. */
export function Versions({ page, view }: { page: PluginPage; view: PluginView }) {
  const { t, number } = useWords();
  const [isWhole, setWhole] = useState(false);
  const releases = uniqueVersions(page.releases);
  if (releases.length === 0) return null;
  const shown = isWhole ? releases : releases.slice(0, shownAtFirst);
  const hidden = releases.length - shown.length;
  return (
    <section aria-labelledby="versions">
      <h2 id="versions" className={classes.heading}>
        {t('details.versions')}
      </h2>
      <ol className={classes.list}>
        {shown.map((release) => (
          <Version key={release.version} release={release} view={view} />
        ))}
        {hidden > 0 && (
          <li className={classes.version}>
            <Button face="plain" className={classes.older} onClick={() => setWhole(true)}>
              {t('details.showOlder', { count: hidden, number: number(hidden) })}
            </Button>
          </li>
        )}
      </ol>
    </section>
  );
}

/** A version with a package for each platform is one version. */
function uniqueVersions(releases: readonly Release[]): Release[] {
  return releases.filter(
    ({ version }, index) =>
      version !== undefined && releases.findIndex((other) => other.version === version) === index,
  );
}

function Version({ release, view }: { release: Release; view: PluginView }) {
  const { t, date } = useWords();
  const wish = usePluginWish();
  const can = actionsOf(view);
  const { version = '', publishedAt, yanked, changelog } = release;
  const isInstalled = view.installed?.version === version;
  const previous = view.snapshot.installed?.previousVersion ?? view.installed?.previousVersion;
  const isKept = previous === version;
  const way = can.has('install') ? 'install' : can.has('update') ? 'update' : undefined;
  // The newest stands on the button above; one that was withdrawn is offered to nobody.
  const isNewest = view.snapshot.offered?.version === version;
  const canInstall = way !== undefined && !isInstalled && !isKept && !isNewest && yanked === undefined;
  return (
    <li
      className={classNames(
        classes.version,
        isInstalled && classes.now,
        yanked !== undefined && classes.gone,
      )}
    >
      <div className={classes.line}>
        <b>{version}</b>
        {publishedAt !== undefined && <time dateTime={publishedAt}>{date(publishedAt)}</time>}
        {isInstalled && <Tag tone="good">{t('details.installedTag')}</Tag>}
        {isKept && <Tag>{t('details.keptTag')}</Tag>}
        {yanked !== undefined && <Tag tone="warn">{t('details.withdrawnTag')}</Tag>}
        <span className={classes.grow} />
        {isKept && can.has('rollback') && (
          <Button
            face="plain"
            isBusy={wish.isPending}
            aria-label={t('actions.rollbackName', { version, name: view.name })}
            onClick={() => wish.mutate({ view, action: 'rollback' })}
          >
            {t('actions.rollbackShort')}
          </Button>
        )}
        {canInstall && (
          <Button
            face="plain"
            isBusy={wish.isPending}
            aria-label={t('details.installThisName', { version, name: view.name })}
            onClick={() => wish.mutate({ view, action: way, request: { version } })}
          >
            {t('details.installThis')}
          </Button>
        )}
      </div>
      {yanked !== undefined && (
        <p className={classes.log}>{t('details.withdrawnSay', { reason: yanked.reason })}</p>
      )}
      {changelog !== undefined && <p className={classes.log}>{plainText(changelog, longestLog)}</p>}
    </li>
  );
}

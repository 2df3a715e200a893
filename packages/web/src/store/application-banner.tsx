import type { ApplicationView } from '@jami-plugin-store/contract';
import { useState } from 'react';
import { sentenceOf } from '../failure/failure-words.js';
import { Button } from '../look/button.js';
import { Icon } from '../look/icon.js';
import { DownloadRing } from '../look/ring.js';
import { CodeWord } from '../look/tag.js';
import { useShell } from '../page/page-queries.js';
import { useApplicationWish } from '../page/page-wishes.js';
import { useWords } from '../texts/use-words.js';
import classes from './application-banner.module.css';

/** What is newer than the application this page belongs to; shows nothing while nothing is. */
export function ApplicationBanner() {
  const { application } = useShell();
  const [hidden, setHidden] = useState<string>();
  const { status, version } = application;
  if (status === 'off' || status === 'unknown' || status === 'up-to-date') return null;
  if (status === 'announced' && version === hidden) return null;
  return <Banner application={application} onHide={() => setHidden(version)} />;
}

function Banner({ application, onHide }: { application: ApplicationView; onHide: () => void }) {
  const { t, sizes, size } = useWords();
  const wish = useApplicationWish();
  const { status, version = '', isVerified = false, notes, received = 0, total, failure } = application;
  const progress = total === undefined ? undefined : sizes(received, total);
  return (
    <aside className={classes.banner} aria-label={t('application.label')}>
      {status === 'downloading' ? (
        <DownloadRing share={total ? received / total : undefined} size={34} />
      ) : (
        <Icon name="bell" size={22} className={classes.icon} />
      )}
      <div className={classes.words}>
        {status === 'announced' && (
          <p>
            <b>{t(isVerified ? 'application.available' : 'application.announced', { version })}</b>{' '}
            {!isVerified && t('application.announcedUnsigned')}
          </p>
        )}
        {status === 'downloading' && (
          <p className="num">
            <b>{t('application.downloading', { version })}</b>{' '}
            {progress === undefined
              ? size(received)
              : t('common.bytesOf', { received: progress.part, total: progress.whole })}
          </p>
        )}
        {status === 'ready' && <b>{t('application.ready', { version })}</b>}
        {status === 'failed' && (
          <p>
            <b>{t('application.failed')}</b>{' '}
            {failure !== undefined && (
              <>
                {sentenceOf(failure, t)} <CodeWord>{failure.code}</CodeWord>
              </>
            )}
          </p>
        )}
        {notes !== undefined && status !== 'failed' && (
          <details>
            <summary>{t('application.notes')}</summary>
            <p className={classes.notes}>{notes}</p>
          </details>
        )}
      </div>
      {status === 'announced' && isVerified && (
        <Button face="fill" isBusy={wish.isPending} onClick={() => wish.mutate('download')}>
          {t('application.download')}
        </Button>
      )}
      {status === 'downloading' && (
        <Button onClick={() => wish.mutate('cancel')}>{t('application.cancel')}</Button>
      )}
      {status === 'ready' && (
        <Button face="fill" isBusy={wish.isPending} onClick={() => wish.mutate('run')}>
          {t('application.run')}
        </Button>
      )}
      {status === 'failed' && (
        <Button isBusy={wish.isPending} onClick={() => wish.mutate('check')}>
          {t('application.retry')}
        </Button>
      )}
      {status === 'announced' && (
        <Button face="icon" aria-label={t('common.close')} onClick={onHide}>
          <Icon name="cross" />
        </Button>
      )}
    </aside>
  );
}

import type { PluginPage, PluginView } from '@jami-plugin-store/contract';
import { useLayoutEffect, useRef } from 'react';
import { EmptyPanel } from '../empty/empty-panel.js';
import { EmptyShelf } from '../empty/spots.js';
import { useFailure } from '../failure/failure-opener.js';
import { sentenceOf } from '../failure/failure-words.js';
import { addressOf } from '../frame/screens.js';
import { PluginBackground, PluginIcon } from '../look/art.js';
import { Button, buttonClass } from '../look/button.js';
import { Icon } from '../look/icon.js';
import { WatchingRing } from '../look/ring.js';
import { SealMark } from '../look/seal-mark.js';
import { CodeWord } from '../look/tag.js';
import { keyOf } from '../page/page-cache.js';
import { reasonOf } from '../page/page-error.js';
import { useLivePlugins, usePluginPage } from '../page/page-queries.js';
import { usePluginWish } from '../page/page-wishes.js';
import { LoadSwitch } from '../plugin/load-switch.js';
import { actionsOf } from '../plugin/plugin-actions.js';
import { PluginFigure } from '../plugin/plugin-figure.js';
import { PluginMenu } from '../plugin/plugin-menu.js';
import { StateLine } from '../plugin/state-line.js';
import { useRecentInstalls } from '../store/recent-installs.js';
import { RowTags, standingOf } from '../store/row-standing.js';
import { useWords } from '../texts/use-words.js';
import classes from './details-screen.module.css';
import { Facts } from './facts.js';
import { Markdown } from './markdown.js';
import { PolicySection } from './policy-section.js';
import { PreferencesSection } from './preferences-section.js';
import { TrustPanel } from './trust-panel.js';
import { Versions } from './versions.js';

/** Everything that is known of one plugin. */
export default function DetailsScreen({
  store,
  id,
  part,
}: {
  store: string;
  id: string;
  part: 'preferences' | undefined;
}) {
  const { t } = useWords();
  const { data, view, error, isPending } = usePluginPage(store, id);
  return (
    <>
      <a className={classes.crumb} href={addressOf({ name: 'store' })}>
        <Icon name="back" />
        {t('details.back')}
      </a>
      {data !== undefined && view !== undefined ? (
        <Details page={data} view={view} part={part} />
      ) : isPending ? (
        <p className={classes.loading} role="status">
          <WatchingRing /> {t('details.loading')}
        </p>
      ) : (
        <EmptyPanel
          level="h1"
          picture={<EmptyShelf />}
          title={t('details.notFound')}
          say={sentenceOf(reasonOf(error), t)}
          actions={
            <a className={buttonClass('soft')} href={addressOf({ name: 'store' })}>
              {t('details.back')}
            </a>
          }
          figure={<WatchingRing />}
          heal={t('empty.watching')}
          code={reasonOf(error).code}
        />
      )}
    </>
  );
}

function Details({
  page,
  view,
  part,
}: {
  page: PluginPage;
  view: PluginView;
  part: 'preferences' | undefined;
}) {
  const { t } = useWords();
  const preferences = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (part === 'preferences') preferences.current?.scrollIntoView();
  }, [part]);
  const isInstalled = view.installed !== undefined && view.installed.state !== 'unmanaged';
  return (
    <article>
      <div className={classes.hero}>
        <PluginBackground src={view.background} name={view.name} />
      </div>
      <Who view={view} />
      <Standing view={view} />
      <Facts page={page} view={view} />
      <div className={classes.columns}>
        <TrustPanel page={page} view={view} />
        <div className={classes.stack}>
          <section aria-labelledby="about">
            <h2 id="about" className={classes.heading}>
              {t('details.about')}
            </h2>
            {view.description.trim() === '' ? (
              <p className={classes.quiet}>{t('details.noAbout')}</p>
            ) : (
              <Markdown text={view.description} />
            )}
          </section>
          <Versions page={page} view={view} />
          {isInstalled && <PolicySection view={view} />}
          {isInstalled && (
            <div ref={preferences} className={classes.anchor}>
              <PreferencesSection view={view} />
            </div>
          )}
        </div>
      </div>
    </article>
  );
}

/** Its name, its publisher, and what can be done with it. */
function Who({ view }: { view: PluginView }) {
  const { t } = useWords();
  const wish = usePluginWish();
  const recent = useRecentInstalls(useLivePlugins()).get(keyOf(view.store, view.snapshot.id));
  const can = actionsOf(view);
  const { name, snapshot, installed } = view;
  const previous = snapshot.installed?.previousVersion ?? installed?.previousVersion;
  const isResting = snapshot.state === 'installed' && recent === undefined;
  return (
    <div className={classes.who}>
      <span className={classes.icon}>
        <PluginIcon src={view.icon} name={name} size="hero" isOff={snapshot.state === 'disabled'} />
      </span>
      <div className={classes.title}>
        <h1>{name}</h1>
        <p className={classes.by}>
          <SealMark seal={view.seal} size={18} />
          <span>
            {view.publisher === undefined
              ? t('available.byNobody')
              : t('available.by', { publisher: view.publisher })}
            <span className="sr">. {t(`seal.${view.seal}`)}</span>
          </span>
          <RowTags view={view} />
        </p>
      </div>
      <div className={classes.acts}>
        {!isResting && (
          <div className={classes.state}>
            <StateLine view={view} verified={recent?.files} />
            <PluginFigure view={view} isSealed={recent !== undefined} face="row" />
          </div>
        )}
        <LoadSwitch view={view} />
        {can.has('rollback') && previous !== undefined && (
          <Button
            face="line"
            isBusy={wish.isPending}
            onClick={() => wish.mutate({ view, action: 'rollback' })}
          >
            <Icon name="undo" size={17} />
            {t('actions.rollback', { version: previous })}
          </Button>
        )}
        <PluginMenu view={view} place="details" />
      </div>
    </div>
  );
}

/** What has to be said of it: why it failed, why it is off, or what is in doubt. */
function Standing({ view }: { view: PluginView }) {
  const words = useWords();
  const { explain } = useFailure();
  const standing = standingOf(view, words);
  if (standing === undefined) return null;
  const isBad = view.snapshot.state === 'failed' || view.snapshot.state === 'disabled';
  return (
    <div className={isBad ? classes.bad : classes.warn}>
      <p>
        {standing.text}{' '}
        {standing.code !== undefined && <CodeWord tone={isBad ? 'bad' : 'neutral'}>{standing.code}</CodeWord>}
      </p>
      {isBad && (
        <Button face="link" onClick={() => explain(view)}>
          {words.t('actions.whatNow')}
        </Button>
      )}
    </div>
  );
}

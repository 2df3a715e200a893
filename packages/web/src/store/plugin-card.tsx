import type { PluginView } from '@jami-plugin-store/contract';
import { memo, useId, useLayoutEffect, useRef } from 'react';
import { useFailure } from '../failure/failure-opener.js';
import { sentenceOf } from '../failure/failure-words.js';
import { addressOf } from '../frame/screens.js';
import { PluginBackground, PluginIcon } from '../look/art.js';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { SealMark } from '../look/seal-mark.js';
import { Tag } from '../look/tag.js';
import { keyOfView } from '../page/page-cache.js';
import { PluginFigure } from '../plugin/plugin-figure.js';
import { StateLine } from '../plugin/state-line.js';
import { categoryName } from '../texts/category-names.js';
import { plainText } from '../texts/plain-text.js';
import { useWords } from '../texts/use-words.js';
import { rowIdOf } from './installed-row.js';
import classes from './plugin-card.module.css';
import type { RecentInstall } from './recent-installs.js';

/** One plugin that can be had. */
export const PluginCard = memo(function PluginCard({
  view,
  recent,
}: {
  view: PluginView;
  recent: RecentInstall | undefined;
}) {
  const { t } = useWords();
  const heading = useId();
  const card = useRef<HTMLElement>(null);
  const { name, snapshot, seal } = view;
  const [category] = view.categories;
  const key = keyOfView(view);
  // It leaves for the list above: the focus goes with it.
  useLayoutEffect(() => {
    const element = card.current;
    return () => {
      if (element?.contains(document.activeElement)) document.getElementById(rowIdOf(key))?.focus();
    };
  }, [key]);
  return (
    <article ref={card} className={classes.card} aria-labelledby={heading}>
      <div className={classes.art}>
        <PluginBackground src={view.background} name={name} />
      </div>
      <div className={classes.body}>
        <div className={classes.id}>
          <span className={classes.icon}>
            <PluginIcon src={view.icon} name={name} size="card" />
          </span>
          {category !== undefined && (
            <span className={classes.category}>
              <Tag>{categoryName(category, t)}</Tag>
            </span>
          )}
        </div>
        <h3 id={heading} className={classes.name}>
          <a href={addressOf({ name: 'plugin', store: view.store, id: snapshot.id })}>{name}</a>
        </h3>
        <p className={classes.by}>
          <SealMark seal={recent ? 'verified' : seal} />
          <span>
            {view.publisher === undefined
              ? t('available.byNobody')
              : t('available.by', { publisher: view.publisher })}
            <span className="sr">. {t(`seal.${recent ? 'verified' : seal}`)}</span>
          </span>
        </p>
        {snapshot.failure === undefined ? (
          <p className={classes.description}>{plainText(view.description)}</p>
        ) : (
          <Why view={view} />
        )}
        <div className={classes.foot}>
          <StateLine view={view} verified={recent?.files} />
          <PluginFigure view={view} isSealed={recent !== undefined} />
        </div>
      </div>
    </article>
  );
});

/** The reason in the place of the description, and the way to what can be done about it. */
function Why({ view }: { view: PluginView }) {
  const { t } = useWords();
  const { explain } = useFailure();
  const { failure } = view.snapshot;
  if (failure === undefined) return null;
  return (
    <p className={classNames(classes.description, classes.why)}>
      {sentenceOf(failure, t)}{' '}
      <Button
        face="link"
        className={classes.above}
        aria-label={t('actions.whatNowName', { name: view.name })}
        onClick={() => explain(view)}
      >
        {t('actions.whatNow')}
      </Button>
    </p>
  );
}

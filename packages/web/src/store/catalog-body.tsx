import type { PluginView, Shell, StoreView } from '@jami-plugin-store/contract';
import { useCallback, useMemo } from 'react';
import { NothingForPlatform, Offline, StoreUnavailable } from '../empty/store-empties.js';
import { sentenceOf } from '../failure/failure-words.js';
import { useBrowsing } from '../frame/browsing.js';
import { Button } from '../look/button.js';
import { WatchingRing } from '../look/ring.js';
import { keyOfView } from '../page/page-cache.js';
import { reasonOf } from '../page/page-error.js';
import type { useCatalog } from '../page/page-queries.js';
import { useWords } from '../texts/use-words.js';
import classes from './available-section.module.css';
import { focusFileChoice } from './drop-zone.js';
import { PluginCard } from './plugin-card.js';
import type { RecentInstall } from './recent-installs.js';
import { VirtualGrid } from './virtual-grid.js';

const cardPx = 300;
const cardGapPx = 20;
const cardRowPx = 327;

/** The list, or what stands in its place: each says how it heals. */
export function CatalogBody({
  store,
  shell,
  catalog,
  live,
  recent,
  text,
  filters,
  onOther,
}: {
  store: StoreView;
  shell: Shell;
  catalog: ReturnType<typeof useCatalog>;
  live: readonly PluginView[];
  recent: ReadonlyMap<string, RecentInstall>;
  text: string;
  filters: React.ReactNode;
  onOther: (() => void) | undefined;
}) {
  const { t, ago } = useWords();
  const { browsing, browse } = useBrowsing();
  const { plugins, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = catalog;
  const shown = useMemo(
    () =>
      plugins.filter(
        (view) => view.installed === undefined || recent.get(keyOfView(view))?.isSealed === true,
      ),
    [plugins, recent],
  );
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const hasList = shown.length > 0;
  const isOffline = shell.network === 'offline';
  if (!hasList) {
    if (isOffline) {
      return <Offline waiting={live.filter(({ snapshot }) => snapshot.download?.broken !== undefined)} />;
    }
    if (store.status === 'unavailable') return <StoreUnavailable store={store} onOther={onOther} />;
    if (store.status === 'none-for-platform') {
      return <NothingForPlatform store={store} platform={shell.platform} onFile={focusFileChoice} />;
    }
    if (catalog.isPending || (store.status !== 'offered' && catalog.isFetching)) return <Asking />;
  }
  return (
    <>
      {hasList && (isOffline || store.status === 'unavailable') && (
        <p className={classes.stale} role="status">
          <WatchingRing size={20} />
          {isOffline
            ? t('empty.offline.sayList', { when: store.askedAt === undefined ? '' : ago(store.askedAt) })
            : t('empty.store.sayList', {
                store: store.name,
                when: store.askedAt === undefined ? '' : ago(store.askedAt),
              })}
        </p>
      )}
      {filters}
      {hasList ? (
        <VirtualGrid
          items={shown}
          keyOf={keyOfView}
          label={t('available.list')}
          columnPx={cardPx}
          gapPx={cardGapPx}
          rowPx={cardRowPx}
          total={text === '' && browsing.category === undefined ? catalog.first?.total : undefined}
          onEnd={hasNextPage ? more : undefined}
          render={(view) => <PluginCard view={view} recent={recent.get(keyOfView(view))} />}
        />
      ) : catalog.isError ? (
        <Failed error={catalog.error} onRetry={() => void catalog.refetch()} />
      ) : text !== '' ? (
        <Nothing
          title={t('available.nothingFound', { text })}
          say={t('available.nothingFoundSay')}
          action={t('available.clearSearch')}
          onAction={() => browse({ text: '' })}
        />
      ) : browsing.category !== undefined ? (
        <Nothing
          title={t('available.nothingInCategory')}
          action={t('available.showAll')}
          onAction={() => browse({ category: undefined })}
        />
      ) : (
        <p className={classes.quiet}>{t('available.allInstalled')}</p>
      )}
      {isFetchingNextPage && (
        <p className={classes.quiet} role="status">
          {t('available.loadingMore')}
        </p>
      )}
      {isFetchNextPageError && (
        <p className={classes.quiet}>
          {t('available.moreFailed')}{' '}
          <Button face="link" onClick={() => void fetchNextPage()}>
            {t('common.tryAgain')}
          </Button>
        </p>
      )}
    </>
  );
}

function Asking() {
  const { t } = useWords();
  return (
    <p className={classes.asking} role="status">
      <WatchingRing /> {t('available.loading')}
    </p>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useWords();
  const reason = reasonOf(error);
  return (
    <Nothing
      title={sentenceOf(reason, t)}
      say={reason.code}
      action={t('common.tryAgain')}
      onAction={onRetry}
    />
  );
}

function Nothing({
  title,
  say,
  action,
  onAction,
}: {
  title: string;
  say?: string;
  action: string;
  onAction: () => void;
}) {
  return (
    <div className={classes.nothing} role="status">
      <h3>{title}</h3>
      {say !== undefined && <p>{say}</p>}
      <Button face="soft" onClick={onAction}>
        {action}
      </Button>
    </div>
  );
}

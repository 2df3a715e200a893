import { HeadlessMantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { i18n } from 'i18next';
import { lazy, Suspense, useEffect, useState } from 'react';
import { I18nextProvider, useTranslation } from 'react-i18next';
import classes from './app.module.css';
import { HostGone, SessionOver } from './empty/page-empties.js';
import { FailureProvider } from './failure/failure-opener.js';
import { BrowsingProvider } from './frame/browsing.js';
import { FaultBoundary } from './frame/fault-boundary.js';
import { NoticesList } from './frame/notices-list.js';
import { PageFooter } from './frame/page-footer.js';
import { PageHeader } from './frame/page-header.js';
import type { Screen } from './frame/screens.js';
import { useArrival } from './frame/use-arrival.js';
import { useHash, useScreen } from './frame/use-screen.js';
import { WatchingRing } from './look/ring.js';
import type { CallHost } from './page/call-host.js';
import { NoticesProvider } from './page/notices.js';
import { HostProvider, useHost } from './page/page-context.js';
import { PageError } from './page/page-error.js';
import type { FollowOptions } from './page/page-events.js';
import { usePageState } from './page/page-queries.js';
import { useSettingsWish } from './page/page-wishes.js';
import { StoreScreen } from './store/store-screen.js';
import { type PageLanguage, pageLanguageOf, speak } from './texts/start-texts.js';

const DetailsScreen = lazy(() => import('./details/details-screen.js'));
const ActivityScreen = lazy(() => import('./activity/activity-screen.js'));
const HowScreen = lazy(() => import('./how-it-works/how-screen.js'));

/** The whole page: everything it needs is handed in. */
export function App({
  texts,
  cache,
  call,
  follow,
}: {
  texts: i18n;
  cache: QueryClient;
  call: CallHost;
  follow?: (options: FollowOptions) => void;
}) {
  return (
    <I18nextProvider i18n={texts}>
      <QueryClientProvider client={cache}>
        <HeadlessMantineProvider>
          <NoticesProvider>
            <HostProvider call={call} {...(follow && { follow })}>
              <BrowsingProvider>
                <Page />
              </BrowsingProvider>
            </HostProvider>
          </NoticesProvider>
        </HeadlessMantineProvider>
      </QueryClientProvider>
    </I18nextProvider>
  );
}

/** The frame around every screen. */
function Page() {
  const { t, i18n } = useTranslation();
  const state = usePageState();
  const settings = useSettingsWish();
  const shell = state.data?.shell;
  const hash = useHash();
  useArrival(hash);
  usePageLanguage(shell?.language);
  const onLanguage = (language: PageLanguage): void => {
    void speak(i18n, language);
    if (shell !== undefined) settings.mutate({ language });
  };
  return (
    <>
      <button type="button" className={classes.skip} onClick={() => document.getElementById('main')?.focus()}>
        {t('frame.skip')}
      </button>
      <PageHeader onLanguage={onLanguage} />
      <main id="main" className={classes.main} tabIndex={-1}>
        <FaultBoundary key={hash}>
          <CurrentScreen />
        </FaultBoundary>
      </main>
      <PageFooter shell={shell} />
      <NoticesList />
    </>
  );
}

/** The screen of the address, or what stands in its place while nobody lets the page in. */
function CurrentScreen() {
  const { connection } = useHost();
  const { data, error } = usePageState();
  const screen = useScreen();
  const trouble = useLasting(error, data === undefined);
  if (trouble instanceof PageError && trouble.code === 'SESSION_OVER') return <SessionOver />;
  if (data === undefined) return trouble === null ? <Loading /> : <HostGone />;
  return (
    <>
      {connection === 'lost' && <HostLost />}
      <FailureProvider>
        <Suspense fallback={<Loading />}>{contentOf(screen)}</Suspense>
      </FailureProvider>
    </>
  );
}

/** The last error, also while it is asked again and there is nothing else to show: or the screen would flicker at each try. */
function useLasting(error: Error | null, lasts: boolean): Error | null {
  const [last, setLast] = useState(error);
  if (error !== null && error !== last) setLast(error);
  return error ?? (lasts ? last : null);
}

function contentOf(screen: Screen) {
  switch (screen.name) {
    case 'store':
      return <StoreScreen />;
    case 'plugin':
      return (
        <DetailsScreen
          key={`${screen.store} ${screen.id}`}
          store={screen.store}
          id={screen.id}
          part={screen.part}
        />
      );
    case 'activity':
      return <ActivityScreen plugin={screen.plugin} />;
    case 'how':
      return <HowScreen job={screen.job} />;
  }
}

function Loading() {
  const { t } = useTranslation();
  return (
    <p className={classes.loading} role="status">
      <WatchingRing /> {t('frame.loading')}
    </p>
  );
}

/** What was read stays on the screen; that it may be old is said. */
function HostLost() {
  const { t } = useTranslation();
  return (
    <p className={classes.lost} role="status">
      <WatchingRing size={20} /> {t('empty.host.lost')}
    </p>
  );
}

/** The language the host remembers is the page's, from wherever it was set. */
function usePageLanguage(language: string | undefined): void {
  const { i18n } = useTranslation();
  useEffect(() => {
    if (language !== undefined) void speak(i18n, pageLanguageOf(language));
  }, [i18n, language]);
  useEffect(() => {
    const apply = (spoken: string): void => {
      document.documentElement.lang = spoken;
      document.documentElement.dir = i18n.dir(spoken);
    };
    apply(i18n.language);
    i18n.on('languageChanged', apply);
    return () => i18n.off('languageChanged', apply);
  }, [i18n]);
}

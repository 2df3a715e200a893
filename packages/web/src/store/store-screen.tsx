import { useDeferredValue } from 'react';
import { useBrowsing } from '../frame/browsing.js';
import { useLivePlugins } from '../page/page-queries.js';
import { useWords } from '../texts/use-words.js';
import { ApplicationBanner } from './application-banner.js';
import { AvailableSection } from './available-section.js';
import { InstalledSection } from './installed-section.js';
import { useRecentInstalls } from './recent-installs.js';
import classes from './store-screen.module.css';

/** What is installed, and what can be. */
export function StoreScreen() {
  const { t } = useWords();
  const plugins = useLivePlugins();
  const recent = useRecentInstalls(plugins);
  const { browsing } = useBrowsing();
  const text = useDeferredValue(browsing.text.trim());
  return (
    <div className={classes.screen}>
      <h1 className="sr">{t('frame.plugins')}</h1>
      <ApplicationBanner />
      <InstalledSection plugins={plugins} recent={recent} text={text} />
      <AvailableSection plugins={plugins} recent={recent} text={text} />
    </div>
  );
}

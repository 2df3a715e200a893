import { WatchingRing } from '../look/ring.js';
import { useWords } from '../texts/use-words.js';
import { Command } from './command.js';
import { EmptyPanel } from './empty-panel.js';
import { OldKey, SleepingSeal } from './spots.js';

/** The cookie is of another time: the page is not let in. */
export function SessionOver() {
  const { t } = useWords();
  return (
    <EmptyPanel
      level="h1"
      picture={<OldKey />}
      title={t('empty.session.title')}
      say={t('empty.session.say')}
      actions={<Command text="jpl page" />}
      figure={<WatchingRing />}
      heal={t('empty.session.heal')}
      code="SESSION_REQUIRED"
    />
  );
}

/** The program that serves this page is gone. */
export function HostGone() {
  const { t } = useWords();
  return (
    <EmptyPanel
      level="h1"
      picture={<SleepingSeal />}
      title={t('empty.host.title')}
      say={t('empty.host.say')}
      actions={<Command text="jpl page" />}
      figure={<WatchingRing />}
      heal={t('empty.watching')}
      code="HOST_UNREACHABLE"
    />
  );
}

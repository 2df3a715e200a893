import type { PluginView } from '@jami-plugin-store/contract';
import { useMemo } from 'react';
import { DaemonGone } from '../empty/store-empties.js';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { SectionHead } from '../look/section-head.js';
import { OnOff } from '../look/switch.js';
import { keyOfView } from '../page/page-cache.js';
import { useShell } from '../page/page-queries.js';
import { useCheckWish, useSettingsWish, useUnloadAllWish } from '../page/page-wishes.js';
import { useNow } from '../texts/use-now.js';
import { useWords } from '../texts/use-words.js';
import { DropZone } from './drop-zone.js';
import { InstalledRow } from './installed-row.js';
import classes from './installed-section.module.css';
import type { RecentInstall } from './recent-installs.js';
import { VirtualGrid } from './virtual-grid.js';

const matches = (view: PluginView, text: string): boolean =>
  text === '' ||
  [view.name, view.snapshot.id, view.publisher ?? '', view.description].some((field) =>
    field.toLocaleLowerCase().includes(text.toLocaleLowerCase()),
  );

/** What is installed on this computer, and the place for files from elsewhere. */
export function InstalledSection({
  plugins,
  recent,
  text,
}: {
  plugins: readonly PluginView[];
  recent: ReadonlyMap<string, RecentInstall>;
  text: string;
}) {
  const { t, compare } = useWords();
  const shell = useShell();
  const installed = useMemo(() => plugins.filter((view) => view.installed !== undefined), [plugins]);
  const shown = useMemo(
    () => installed.filter((view) => matches(view, text)).sort((a, b) => compare(a.name, b.name)),
    [installed, text, compare],
  );
  const heading = 'installed';
  return (
    <section aria-labelledby={heading}>
      <InstalledHead id={heading} installed={installed} />
      {!shell.pluginsEnabled && <PluginsOff />}
      {shell.daemon.status === 'lost' ? (
        <DaemonGone daemon={shell.daemon} />
      ) : (
        <div className={panel.panel}>
          {shown.length === 0 ? (
            <p className={classes.none}>
              {text === '' ? t('installed.none') : t('installed.noMatch', { text })}
            </p>
          ) : (
            <VirtualGrid
              items={shown}
              keyOf={keyOfView}
              label={t('installed.title')}
              columnPx="one"
              gapPx={0}
              rowPx={69}
              render={(view) => {
                const key = keyOfView(view);
                return <InstalledRow view={view} rowKey={key} isFresh={recent.has(key)} />;
              }}
            />
          )}
          <DropZone />
        </div>
      )}
    </section>
  );
}

function InstalledHead({ id, installed }: { id: string; installed: readonly PluginView[] }) {
  const { t, number, ago } = useWords();
  useNow();
  const shell = useShell();
  const settings = useSettingsWish();
  const unloadAll = useUnloadAllWish();
  const check = useCheckWish();
  const updates = installed.filter(({ snapshot }) => snapshot.state === 'updatable').length;
  const isAnyLoaded = installed.some((view) => view.installed?.load?.state === 'loaded');
  const { isChecking, checkedAt } = shell.updates;
  const total = number(installed.length);
  return (
    <SectionHead
      id={id}
      title={t('installed.title')}
      aside={
        installed.length === 0
          ? undefined
          : updates === 0
            ? total
            : t('installed.updates', { count: updates, total, number: number(updates) })
      }
    >
      <span className={classes.check}>
        <Button
          face="plain"
          isBusy={isChecking || check.isPending}
          title={checkedAt === undefined ? undefined : t('installed.checkedAt', { when: ago(checkedAt) })}
          onClick={() => check.mutate()}
        >
          {t(isChecking ? 'installed.checking' : 'installed.check')}
        </Button>
      </span>
      <span className={classes.option}>
        <span aria-hidden="true">{t('installed.autoUpdate')}</span>
        <OnOff
          label={t('installed.autoUpdate')}
          isOn={shell.autoUpdate}
          isBusy={settings.isPending}
          onChange={(autoUpdate) => settings.mutate({ autoUpdate })}
        />
      </span>
      <Button
        face="plain"
        className={classNames(classes.unload)}
        disabled={!isAnyLoaded}
        isBusy={unloadAll.isPending}
        onClick={() => unloadAll.mutate()}
      >
        {t('installed.unloadAll')}
      </Button>
    </SectionHead>
  );
}

/** Plugins are disabled as a whole: said above the list, with the way back. */
function PluginsOff() {
  const { t } = useWords();
  const settings = useSettingsWish();
  return (
    <div className={classes.off} role="status">
      <span>{t('installed.disabledAll')}</span>
      <Button
        face="soft"
        isBusy={settings.isPending}
        onClick={() => settings.mutate({ pluginsEnabled: true })}
      >
        {t('installed.enableAll')}
      </Button>
    </div>
  );
}

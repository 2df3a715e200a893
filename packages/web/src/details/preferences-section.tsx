import type { PluginPreference, PluginPreferences, PluginView } from '@jami-plugin-store/contract';
import { pageRoutes } from '@jami-plugin-store/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sentenceOf } from '../failure/failure-words.js';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { CodeWord } from '../look/tag.js';
import { useNotices } from '../page/notices.js';
import { pageKeys } from '../page/page-cache.js';
import { useHost } from '../page/page-context.js';
import { reasonOf } from '../page/page-error.js';
import { usePreferences, useShell } from '../page/page-queries.js';
import { useWords } from '../texts/use-words.js';
import { AccountChoice } from './account-choice.js';
import { PreferenceRow } from './preference-row.js';
import settings from './settings.module.css';

/** What can be set of a plugin: for every account, and for one. */
export function PreferencesSection({ view }: { view: PluginView }) {
  const { t } = useWords();
  const { accounts } = useShell();
  const [chosen, choose] = useState<string>();
  const account = chosen ?? accounts[0];
  const { id } = view.snapshot;
  const { data, error, refetch } = usePreferences(id, account, view.installed?.hasPreferences === true);
  const resetAll = useResetAll(view);
  if (view.installed?.hasPreferences !== true) {
    return (
      <section aria-labelledby="preferences">
        <h2 id="preferences" className={settings.heading}>
          {t('preferences.title')}
        </h2>
        <p className={settings.quiet}>{t('preferences.none')}</p>
      </section>
    );
  }
  const of = (scope: PluginPreference['scope']) =>
    data?.preferences.filter((row) => row.scope === scope) ?? [];
  const [global, perAccount] = [of('global'), of('account')];
  return (
    <section aria-labelledby="preferences">
      <div className={settings.headLine}>
        <h2 id="preferences" className={settings.heading}>
          {t('preferences.title')}
        </h2>
        {global.length > 0 && (
          <Button
            face="plain"
            isBusy={resetAll.isPending}
            aria-label={t('preferences.resetAllName', { name: view.name })}
            onClick={() => resetAll.mutate(undefined)}
          >
            {t('preferences.resetAll')}
          </Button>
        )}
      </div>
      {data === undefined && error === null && (
        <p className={settings.quiet} role="status">
          {t('preferences.loading')}
        </p>
      )}
      {error !== null && (
        <p className={settings.error} role="alert">
          {t('preferences.failed')} {sentenceOf(reasonOf(error), t)}{' '}
          <CodeWord>{reasonOf(error).code}</CodeWord>{' '}
          <Button face="link" onClick={() => void refetch()}>
            {t('common.tryAgain')}
          </Button>
        </p>
      )}
      {data?.problems.map(({ code }) => (
        <p key={code} className={settings.error}>
          {t('preferences.problem')} <CodeWord>{code}</CodeWord>
        </p>
      ))}
      {global.length > 0 && (
        <>
          <h3 className={settings.subHead}>{t('preferences.everyAccount')}</h3>
          <Rows preferences={global} view={view} account={undefined} shownFor={account} />
        </>
      )}
      {perAccount.length > 0 && (
        <>
          <div className={settings.subHead}>
            <h3>{t('preferences.oneAccount')}</h3>
            <AccountChoice account={account} accounts={accounts} onChoose={choose} />
            {account !== undefined && (
              <Button
                face="plain"
                isBusy={resetAll.isPending}
                aria-label={t('preferences.resetAccountName', { name: view.name, account })}
                onClick={() => resetAll.mutate(account)}
              >
                {t('preferences.resetAll')}
              </Button>
            )}
          </div>
          {account === undefined ? (
            <p className={settings.quiet}>{t('preferences.noAccounts')}</p>
          ) : (
            <Rows preferences={perAccount} view={view} account={account} shownFor={account} />
          )}
        </>
      )}
    </section>
  );
}

function Rows({
  preferences,
  view,
  account,
  shownFor,
}: {
  preferences: readonly PluginPreference[];
  view: PluginView;
  /** Whose values these are; undefined for everybody's. */
  account: string | undefined;
  /** The account whose answer they were read in. */
  shownFor: string | undefined;
}) {
  return (
    <div className={classNames(panel.panel, settings.list)}>
      {preferences.map((preference) => (
        <PreferenceRow
          key={`${account ?? ''} ${preference.key}`}
          preference={preference}
          plugin={view.snapshot.id}
          account={account}
          shownFor={shownFor}
        />
      ))}
    </div>
  );
}

function useResetAll(view: PluginView) {
  const { call } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  const { id } = view.snapshot;
  return useMutation({
    mutationFn: (account: string | undefined) =>
      call<PluginPreferences>(pageRoutes.preferences(id), { method: 'DELETE', query: { account } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: pageKeys.preferencesOf(id) }),
    onError: (error) => refused(error, view.name),
  });
}

import type { PluginPreference, PluginPreferences } from '@jami-plugin-store/contract';
import { pageRoutes } from '@jami-plugin-store/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId } from 'react';
import { isListed } from '../failure/failure-groups.js';
import { sentenceOf } from '../failure/failure-words.js';
import { CodeWord } from '../look/tag.js';
import { pageKeys } from '../page/page-cache.js';
import { useHost } from '../page/page-context.js';
import { reasonOf } from '../page/page-error.js';
import { useWords } from '../texts/use-words.js';
import { PreferenceControl } from './preference-control.js';
import settings from './settings.module.css';

/** Stores one value; what is shown follows at once, and goes back where the daemon refuses. */
function useSetPreference(
  plugin: string,
  key: string,
  account: string | undefined,
  shownFor: string | undefined,
) {
  const { call } = useHost();
  const cache = useQueryClient();
  const shown = pageKeys.preferences(plugin, shownFor);
  return useMutation({
    mutationFn: (value: string) =>
      call<PluginPreferences>(pageRoutes.preferences(plugin), {
        method: 'PATCH',
        body: { values: { [key]: value }, ...(account !== undefined && { account }) },
      }),
    onMutate: (value) => {
      cache.setQueryData<PluginPreferences>(
        shown,
        (known) =>
          known && {
            ...known,
            preferences: known.preferences.map((row) => (row.key === key ? { ...row, value } : row)),
          },
      );
    },
    onSettled: () => cache.invalidateQueries({ queryKey: pageKeys.preferencesOf(plugin) }),
  });
}

/** One preference: its name, its control, the way back to its default, and why a value was not taken. */
export function PreferenceRow({
  preference,
  plugin,
  account,
  shownFor,
}: {
  preference: PluginPreference;
  plugin: string;
  account: string | undefined;
  shownFor: string | undefined;
}) {
  const { t } = useWords();
  const { key, fields, value, defaultValue } = preference;
  const label = useId();
  const hint = useId();
  const problem = useId();
  const set = useSetPreference(plugin, key, account, shownFor);
  const title = fields.title === undefined || fields.title === '' ? key : fields.title;
  const summary = fields.summary ?? '';
  const error = set.error === null ? undefined : reasonOf(set.error);
  return (
    <div className={settings.row}>
      <div>
        <p className={settings.label}>
          <span id={label}>{title}</span>
          {value !== defaultValue && (
            <button
              type="button"
              className={settings.reset}
              aria-label={t('preferences.resetOne', { title })}
              onClick={() => set.mutate(defaultValue)}
            >
              {t('common.reset')}
            </button>
          )}
        </p>
        {summary !== '' && (
          <p id={hint} className={settings.hint}>
            {summary}
          </p>
        )}
      </div>
      <PreferenceControl
        preference={preference}
        labelledBy={label}
        describedBy={error !== undefined ? problem : summary === '' ? undefined : hint}
        isInvalid={error !== undefined}
        onSet={(wanted) => set.mutate(wanted)}
      />
      {error !== undefined && (
        <p id={problem} className={settings.error} role="alert">
          {t('preferences.refused', { reason: sentenceOf(error, t) })} {isListed(error.code) && error.message}{' '}
          <CodeWord>{error.code}</CodeWord>
        </p>
      )}
    </div>
  );
}

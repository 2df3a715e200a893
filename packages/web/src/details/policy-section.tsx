import type { PluginView } from '@jami-plugin-store/contract';
import { useId } from 'react';
import { Button } from '../look/button.js';
import { Choice } from '../look/choice.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { OnOff } from '../look/switch.js';
import { usePolicyWish } from '../page/page-wishes.js';
import { useWords } from '../texts/use-words.js';
import settings from './settings.module.css';

const waits = [0, 1, 3, 7, 14, 30] as const;

/** What the user decides about updates of one plugin: stay, wait, pass one over. */
export function PolicySection({ view }: { view: PluginView }) {
  const { t, number } = useWords();
  const wish = usePolicyWish();
  const hint = useId();
  const policy = view.installed?.policy;
  if (policy === undefined) return null;
  const version = view.installed?.version ?? '';
  const days = [...new Set([...waits, policy.holdDays])].sort((a, b) => a - b);
  return (
    <section aria-labelledby="policy">
      <h2 id="policy" className={settings.heading}>
        {t('details.policy')}
      </h2>
      <div className={classNames(panel.panel, settings.list)}>
        <div className={settings.row}>
          <div>
            <p className={settings.label}>{t('details.pinned', { version })}</p>
            <p className={settings.hint}>{t('details.pinnedHint')}</p>
          </div>
          <OnOff
            label={t('details.pinned', { version })}
            isOn={policy.pinned}
            isBusy={wish.isPending}
            onChange={(pinned) => wish.mutate({ view, change: { pinned } })}
          />
        </div>
        <div className={settings.row}>
          <div>
            <p className={settings.label}>{t('details.hold')}</p>
            <p id={hint} className={settings.hint}>
              {t('details.holdHint')}
            </p>
          </div>
          <div className={settings.full}>
            <Choice
              face="line"
              aria-label={t('details.hold')}
              aria-describedby={hint}
              value={String(policy.holdDays)}
              options={days.map((count) => ({
                value: String(count),
                label:
                  count === 0
                    ? t('details.holdNone')
                    : t('details.holdDays', { count, number: number(count) }),
              }))}
              onChange={(value) => wish.mutate({ view, change: { holdDays: Number(value) } })}
            />
          </div>
        </div>
        {policy.skippedVersion !== null && (
          <div className={settings.row}>
            <p className={settings.label}>
              {t('installed.skippedVersion', { version: policy.skippedVersion })}
            </p>
            <Button
              isBusy={wish.isPending}
              onClick={() => wish.mutate({ view, change: { skippedVersion: null } })}
            >
              {t('actions.unskip', { version: policy.skippedVersion })}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}

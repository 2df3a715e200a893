import type { PluginView } from '@jami-plugin-store/contract';
import { type Reason, sentenceOf } from '../failure/failure-words.js';
import { Icon } from '../look/icon.js';
import { SealMark } from '../look/seal-mark.js';
import { Tag } from '../look/tag.js';
import type { Figures } from '../texts/figures.js';
import type { Speak } from '../texts/use-words.js';
import { useWords } from '../texts/use-words.js';

/** What has to be said of an installed plugin beside its version: a sentence, and the exact code where there is one. */
export interface Standing {
  readonly text: string;
  readonly code?: string | undefined;
}

/** The most important of it; undefined where all is well. */
export function standingOf(
  view: PluginView,
  { t, date, moment }: { t: Speak } & Figures,
): Standing | undefined {
  const { installed, snapshot, deprecated } = view;
  const because = (reason: Reason): Standing => ({ text: sentenceOf(reason, t), code: reason.code });
  if (snapshot.failure !== undefined) return because(snapshot.failure);
  if (installed === undefined) return undefined;
  const disabled = installed.disabled ?? snapshot.installed?.disabled;
  if (disabled !== undefined) return because(disabled);
  if (installed.state === 'unmanaged') return { text: t('installed.unmanagedSay') };
  if (installed.state === 'damaged')
    return { text: installed.reason ?? t('installed.damaged'), code: 'RECORD_DAMAGED' };
  const { load, unanswered, notice, heldBack } = installed;
  if (load?.state === 'crashed' || load?.state === 'load-failed') {
    return because({ code: load.code ?? 'HOST_NOT_STARTED', message: load.reason ?? '' });
  }
  if (unanswered !== undefined) {
    const values = { since: moment(unanswered.since), until: moment(unanswered.graceEnds) };
    return {
      text: t(unanswered.isOverdue ? 'trust.unansweredOverdue' : 'trust.unanswered', values),
      code: unanswered.code,
    };
  }
  if (notice?.revoked !== undefined) return { text: notice.revoked.reason };
  if (notice?.yanked !== undefined)
    return { text: t('details.withdrawnSay', { reason: notice.yanked.reason }) };
  if (deprecated !== undefined) {
    const { reason, successor } = deprecated;
    const say = t('details.deprecatedSay', { reason });
    return { text: successor === undefined ? say : `${say} ${t('details.successor', { successor })}` };
  }
  return heldBack && heldWords(heldBack, { t, date });
}

function heldWords(
  { reason, version, until, code }: NonNullable<NonNullable<PluginView['installed']>['heldBack']>,
  { t, date }: { t: Speak; date: Figures['date'] },
): Standing | undefined {
  if (reason === 'too-new' && until !== undefined)
    return { text: t('installed.heldUntil', { version, date: date(until) }) };
  if (reason === 'other-publisher') return { text: t('installed.otherPublisher', { version }) };
  if (reason === 'failed') return { text: t('installed.failedUpdate', { version }), code };
  // Pinned and skipped are what the user chose: their tags say so.
  return undefined;
}

/** A word or two beside the name, each with a shape of its own. */
export function RowTags({ view }: { view: PluginView }) {
  const { t } = useWords();
  const { installed, deprecated } = view;
  if (installed === undefined) return null;
  const { load, notice, policy } = installed;
  return (
    <>
      {installed.state === 'disabled' && (
        <Tag tone="bad">
          <SealMark seal={view.seal === 'revoked' ? 'revoked' : 'changed'} size={14} />
          {t('installed.turnedOff')}
        </Tag>
      )}
      {installed.state === 'unmanaged' && <Tag>{t('installed.unmanaged')}</Tag>}
      {installed.state === 'damaged' && <Tag tone="bad">{t('installed.damaged')}</Tag>}
      {load?.state === 'crashed' && <Tag tone="bad">{t('installed.crashed')}</Tag>}
      {load?.state === 'load-failed' && <Tag tone="bad">{t('installed.loadFailed')}</Tag>}
      {installed.unanswered !== undefined && (
        <Tag tone="warn">
          <Icon name="clock" size={14} />
          {t('installed.notConfirmed')}
        </Tag>
      )}
      {notice?.yanked !== undefined && <Tag tone="warn">{t('installed.withdrawn')}</Tag>}
      {notice?.isGone === true && <Tag>{t('installed.gone')}</Tag>}
      {deprecated !== undefined && <Tag tone="warn">{t('installed.deprecated')}</Tag>}
      {policy.pinned && (
        <Tag>
          <Icon name="pin" size={13} />
          {t('installed.pinned')}
        </Tag>
      )}
      {policy.skippedVersion !== null && (
        <Tag>{t('installed.skippedVersion', { version: policy.skippedVersion })}</Tag>
      )}
    </>
  );
}

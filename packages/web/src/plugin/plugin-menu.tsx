import type { PluginView } from '@jami-plugin-store/contract';
import { lazy, Suspense, useState } from 'react';
import type { Screen } from '../frame/screens.js';
import { goTo } from '../frame/use-screen.js';
import { type MenuEntry, MoreMenu } from '../look/menu.js';
import { usePluginWish, usePolicyWish } from '../page/page-wishes.js';
import { useWords } from '../texts/use-words.js';
import { actionsOf } from './plugin-actions.js';

const UninstallQuestion = lazy(() => import('./uninstall-question.js'));

/** Everything that can be asked of a plugin beside its main action. */
export function PluginMenu({ view, place }: { view: PluginView; place: 'row' | 'details' }) {
  const { t } = useWords();
  const wish = usePluginWish();
  const policyWish = usePolicyWish();
  const [isAsking, setAsking] = useState(false);
  const can = actionsOf(view);
  const { id, offered } = view.snapshot;
  const { installed } = view;
  const previous = view.snapshot.installed?.previousVersion ?? installed?.previousVersion;
  const policy = installed?.policy;
  const details: Screen = { name: 'plugin', store: view.store, id };
  const entries: (MenuEntry | false | undefined)[] = [
    place === 'row' && {
      key: 'details',
      label: t('actions.details'),
      icon: 'info',
      onChoose: () => goTo(details),
    },
    place === 'row' &&
      installed?.hasPreferences === true && {
        key: 'preferences',
        label: t('actions.preferences'),
        icon: 'sliders',
        onChoose: () => goTo({ ...details, part: 'preferences' }),
      },
    can.has('rollback') &&
      previous !== undefined &&
      place === 'row' && {
        key: 'rollback',
        label: t('actions.rollback', { version: previous }),
        icon: 'undo',
        onChoose: () => wish.mutate({ view, action: 'rollback' }),
      },
    can.has('check') && {
      key: 'check',
      label: t('actions.checkShort'),
      icon: 'shield',
      onChoose: () => wish.mutate({ view, action: 'check' }),
    },
    policy && {
      key: 'pin',
      label: t(policy.pinned ? 'actions.unpin' : 'actions.pin'),
      icon: 'pin',
      onChoose: () => policyWish.mutate({ view, change: { pinned: !policy.pinned } }),
    },
    policy &&
      view.snapshot.state === 'updatable' &&
      offered !== undefined && {
        key: 'skip',
        label: t('actions.skip', { version: offered.version }),
        icon: 'skip',
        onChoose: () => policyWish.mutate({ view, change: { skippedVersion: offered.version } }),
      },
    policy?.skippedVersion != null && {
      key: 'unskip',
      label: t('actions.unskip', { version: policy.skippedVersion }),
      icon: 'skip',
      onChoose: () => policyWish.mutate({ view, change: { skippedVersion: null } }),
    },
    {
      key: 'activity',
      label: t('actions.activity'),
      icon: 'list',
      onChoose: () => goTo({ name: 'activity', plugin: id }),
    },
    can.has('adopt') && {
      key: 'adopt',
      label: t('actions.adopt'),
      icon: 'download',
      onChoose: () => wish.mutate({ view, action: 'adopt' }),
    },
    can.has('uninstall') && {
      key: 'uninstall',
      label: t('actions.uninstall'),
      icon: 'bin',
      isHarsh: true,
      onChoose: () => setAsking(true),
    },
  ];
  return (
    <>
      <MoreMenu label={t('common.more', { name: view.name })} entries={entries.filter((entry) => !!entry)} />
      {isAsking && (
        <Suspense fallback={null}>
          <UninstallQuestion view={view} onClose={() => setAsking(false)} />
        </Suspense>
      )}
    </>
  );
}

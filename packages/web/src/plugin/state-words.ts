import type { PluginView } from '@jami-plugin-store/contract';
import type { Figures } from '../texts/figures.js';
import { systemNames } from '../texts/platform-names.js';
import type { Speak } from '../texts/use-words.js';

type StateTone = 'plain' | 'good' | 'bad' | 'wait';

/** Two lines beside the figure: the state, then the figures. */
export interface StateWords {
  readonly state: string;
  readonly detail: string;
  readonly tone: StateTone;
  /** With a failure: the exact code, which takes the detail's place. */
  readonly code?: string;
}

/** How a plugin's state is put into words; `verified` is how many files its last verification here went through. */
export function stateWords(
  view: PluginView,
  { t, number, size, sizes, list }: { t: Speak } & Figures,
  { platform, verified }: { platform: string; verified?: number | undefined },
): StateWords {
  const { snapshot } = view;
  const { download, verification, offered, installed, target, failure } = snapshot;
  switch (snapshot.state) {
    case 'downloading':
    case 'waiting': {
      const kept = downloadWords(download, { t, size, sizes });
      if (snapshot.state === 'downloading' && download?.broken === undefined) {
        return { state: t('states.downloading'), detail: kept ?? t('states.asking'), tone: 'plain' };
      }
      const isOffline = download?.broken?.isOffline === true || download?.broken?.network === 'DISCONNECTED';
      return {
        state: t(isOffline ? 'states.waiting' : 'states.retrying'),
        detail: t('states.waitingKept', { size: kept ?? size(0) }),
        tone: 'wait',
      };
    }
    case 'installing':
      if (verification === undefined)
        return { state: t('states.installing'), detail: t('states.opening'), tone: 'plain' };
      return {
        state: t('states.verifying'),
        detail: t('states.files', {
          count: verification.of,
          done: number(verification.done),
          of: number(verification.of),
        }),
        tone: 'plain',
      };
    case 'installed':
      return {
        state: t('states.installed'),
        detail:
          verified === undefined
            ? t('states.versionUpToDate', { version: installed?.version ?? '' })
            : t('states.filesVerified', { count: verified, of: number(verified) }),
        tone: verified === undefined ? 'plain' : 'good',
      };
    case 'updatable': {
      const versions = { from: installed?.version ?? '', to: offered?.version ?? '' };
      const bytes = offered?.size;
      return {
        state: t('states.updatable'),
        detail:
          bytes === undefined
            ? t('states.fromTo', versions)
            : t('states.fromToSize', { ...versions, size: size(bytes) }),
        tone: 'plain',
      };
    }
    case 'failed':
      return { state: failedWords(view, t), detail: '', tone: 'bad', code: failure?.code ?? '' };
    case 'uninstalling':
      return { state: t('states.uninstalling'), detail: installed?.version ?? '', tone: 'plain' };
    case 'restoring':
      return {
        state: t('states.restoring'),
        detail: t('states.restoringTo', { version: installed?.previousVersion ?? target?.version ?? '' }),
        tone: 'plain',
      };
    case 'disabled':
      return {
        state: t('states.disabled'),
        detail: '',
        tone: 'bad',
        code: installed?.disabled?.code ?? view.installed?.disabled?.code ?? '',
      };
    case 'installable': {
      if (view.installedFrom !== undefined) {
        const from = view.installedFrom;
        return {
          state: t('states.elsewhere'),
          detail: from === '-' ? t('states.elsewhereFile') : t('states.elsewhereStore', { store: from }),
          tone: 'plain',
        };
      }
      const systems = systemNames(view.platforms, platform);
      const bytes = view.size ?? offered?.size;
      return {
        state: bytes === undefined ? (offered?.version ?? t('states.installable')) : size(bytes),
        detail:
          systems.length === 0
            ? ''
            : systems.length > 5
              ? t('states.everyPlatform')
              : systems.join(t('common.separator')),
        tone: 'plain',
      };
    }
    default:
      return unnamed(snapshot.state, list);
  }
}

/** A state this page was not told of is shown by its own name rather than hidden. */
function unnamed(state: never, list: Figures['list']): StateWords {
  return { state: list([String(state)]), detail: '', tone: 'plain' };
}

function downloadWords(
  download: PluginView['snapshot']['download'],
  { t, size, sizes }: Pick<{ t: Speak } & Figures, 't' | 'size' | 'sizes'>,
): string | undefined {
  if (download === undefined) return undefined;
  if (download.total === undefined) return size(download.received);
  const { part, whole } = sizes(download.received, download.total);
  return t('common.bytesOf', { received: part, total: whole });
}

function failedWords({ snapshot, installed }: PluginView, t: Speak): string {
  if (snapshot.installed === undefined && installed === undefined) return t('states.notInstalled');
  return t(snapshot.target === undefined ? 'states.notRemoved' : 'states.notUpdated');
}

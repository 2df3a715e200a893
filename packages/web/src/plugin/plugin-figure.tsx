import type { PluginView } from '@jami-plugin-store/contract';
import { buttonClass } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { DownloadRing, SealRing, VerifyRing, WaitingRing } from '../look/ring.js';
import { usePluginWish } from '../page/page-wishes.js';
import { useWords } from '../texts/use-words.js';
import { actionsOf, mainActionOf } from './plugin-actions.js';
import classes from './plugin-figure.module.css';

type Figure =
  | { readonly kind: 'button'; readonly action: 'install' | 'update' | 'retry' }
  | { readonly kind: 'download' | 'waiting'; readonly share: number | undefined; readonly canCancel: boolean }
  | { readonly kind: 'verify'; readonly share: number }
  | { readonly kind: 'sealed' }
  | { readonly kind: 'nothing' };

function figureOf(view: PluginView, isSealed: boolean): Figure {
  const { state, download, verification } = view.snapshot;
  const share =
    download?.total === undefined || download.total === 0 ? undefined : download.received / download.total;
  const canCancel = actionsOf(view).has('cancel');
  if (state === 'downloading' && download?.broken === undefined)
    return { kind: 'download', share, canCancel };
  if (state === 'downloading' || state === 'waiting') return { kind: 'waiting', share, canCancel };
  if (state === 'installing' || state === 'uninstalling' || state === 'restoring') {
    return {
      kind: 'verify',
      share: verification === undefined || verification.of === 0 ? 0 : verification.done / verification.of,
    };
  }
  if (state === 'installed' && isSealed) return { kind: 'sealed' };
  const action = mainActionOf(view);
  return action === undefined ? { kind: 'nothing' } : { kind: 'button', action };
}

/**
 * One figure in one place: button, ring, seal. It stays the same element, so that the focus stays where it is while the button
 * becomes a ring and the ring a seal.
 */
export function PluginFigure({
  view,
  isSealed = false,
  face = 'card',
}: {
  view: PluginView;
  /** It was installed while somebody looked: the ring closes into the seal. */
  isSealed?: boolean;
  /** A row says to which version it updates; a card has that beside it. */
  face?: 'card' | 'row';
}) {
  const { t } = useWords();
  const wish = usePluginWish();
  const figure = figureOf(view, isSealed);
  if (figure.kind === 'nothing') return null;
  const { text, name } = wordsOf(figure, view, face, t);
  const action =
    figure.kind === 'button'
      ? figure.action
      : 'canCancel' in figure && figure.canCancel
        ? 'cancel'
        : undefined;
  const isIdle = action === undefined;
  const buttonFace = figure.kind === 'button' ? faceOf(figure.action, view) : undefined;
  return (
    <button
      type="button"
      className={
        buttonFace === undefined
          ? classNames(classes.ring, figure.kind !== 'sealed' && classes.arriving)
          : buttonClass(buttonFace, classes.button)
      }
      aria-label={name}
      aria-disabled={isIdle || wish.isPending || undefined}
      title={action === 'cancel' ? t('actions.cancel') : undefined}
      onClick={() => {
        if (action !== undefined && !wish.isPending) wish.mutate({ view, action });
      }}
    >
      {figure.kind === 'button' && text}
      {figure.kind === 'download' && <DownloadRing share={figure.share} />}
      {figure.kind === 'waiting' && <WaitingRing share={figure.share} />}
      {figure.kind === 'verify' && <VerifyRing share={figure.share} />}
      {figure.kind === 'sealed' && <SealRing seal="verified" isFresh />}
    </button>
  );
}

function faceOf(action: 'install' | 'update' | 'retry', view: PluginView) {
  if (action === 'update') return 'fill';
  return action === 'install' || view.snapshot.state === 'disabled' ? 'soft' : 'quiet';
}

/** What stands on the button, and its whole name: the visible words first, then the plugin. */
function wordsOf(
  figure: Figure,
  view: PluginView,
  face: 'card' | 'row',
  t: ReturnType<typeof useWords>['t'],
): { text: string; name: string } {
  const { name } = view;
  const version = view.snapshot.offered?.version ?? '';
  if (figure.kind === 'button') {
    if (figure.action === 'retry')
      return { text: t('actions.tryAgain'), name: t('actions.tryAgainName', { name }) };
    if (figure.action === 'update' && face === 'row') {
      return {
        text: t('installed.updateTo', { version }),
        name: t('actions.updateToName', { version, name }),
      };
    }
    if (figure.action === 'update')
      return { text: t('actions.update'), name: t('actions.updateName', { name }) };
    if (view.snapshot.state === 'disabled') {
      return { text: t('actions.installAgain'), name: t('actions.installAgainName', { name }) };
    }
    return { text: t('actions.install'), name: t('actions.installName', { name }) };
  }
  if ('canCancel' in figure && figure.canCancel) return { text: '', name: t('actions.cancelName', { name }) };
  const state = figure.kind === 'sealed' ? t('states.installed') : t('states.verifying');
  return { text: '', name: t('states.of', { state, name }) };
}

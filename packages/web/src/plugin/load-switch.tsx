import type { PluginView } from '@jami-plugin-store/contract';
import { OnOff } from '../look/switch.js';
import { usePluginWish } from '../page/page-wishes.js';
import { useWords } from '../texts/use-words.js';
import classes from './load-switch.module.css';
import { actionsOf } from './plugin-actions.js';

/** Whether a plugin's library runs, and the switch for it. Locked where the plugin may not be loaded. */
export function LoadSwitch({ view }: { view: PluginView }) {
  const { t } = useWords();
  const wish = usePluginWish();
  const can = actionsOf(view);
  const load = view.installed?.load;
  if (load === undefined && !can.has('load') && !can.has('unload')) return null;
  const isPassing = load?.state === 'loading' || load?.state === 'unloading';
  const isOn = load?.state === 'loaded' || load?.state === 'loading';
  const isDisabled = !isPassing && !can.has('load') && !can.has('unload');
  return (
    <span className={classes.onOff}>
      <span aria-hidden="true">{t(isOn ? 'installed.on' : 'installed.off')}</span>
      <OnOff
        label={t('installed.load', { name: view.name })}
        isOn={isOn}
        isDisabled={isDisabled}
        isBusy={isPassing || wish.isPending}
        onChange={(wanted) => wish.mutate({ view, action: wanted ? 'load' : 'unload' })}
      />
    </span>
  );
}

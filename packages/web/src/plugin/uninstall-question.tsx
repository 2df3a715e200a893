import type { PluginView } from '@jami-plugin-store/contract';
import { useId } from 'react';
import { Button } from '../look/button.js';
import { Dialog } from '../look/dialog.js';
import { usePluginWish } from '../page/page-wishes.js';
import { useWords } from '../texts/use-words.js';
import classes from './uninstall-question.module.css';

/** Preferences go with a plugin, so it is asked first. */
export default function UninstallQuestion({ view, onClose }: { view: PluginView; onClose: () => void }) {
  const { t } = useWords();
  const wish = usePluginWish();
  const heading = useId();
  return (
    <Dialog labelledBy={heading} onClose={onClose}>
      <section className={classes.question}>
        <h2 id={heading}>{t('uninstall.title', { name: view.name })}</h2>
        <p>{t('uninstall.say')}</p>
        <div className={classes.acts}>
          <Button
            face="fill"
            autoFocus
            onClick={() => {
              wish.mutate({ view, action: 'uninstall' });
              onClose();
            }}
          >
            {t('uninstall.confirm')}
          </Button>
          <Button onClick={onClose}>{t('uninstall.keep')}</Button>
        </div>
      </section>
    </Dialog>
  );
}

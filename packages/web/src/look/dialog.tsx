import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.js';
import { classNames } from './class-names.js';
import classes from './dialog.module.css';
import { Icon } from './icon.js';

/**
 * A modal dialog in the browser's own top layer: it holds the focus, closes with Escape, and gives the focus back to where it
 * came from. Mounted means open.
 */
export function Dialog({
  labelledBy,
  isWide = false,
  onClose,
  children,
}: {
  labelledBy: string;
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog?.open === false) dialog.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does for the keyboard what a click on the backdrop does.
    <dialog
      ref={element}
      className={classNames(classes.dialog, isWide && classes.wide)}
      aria-labelledby={labelledBy}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div className={classes.inside}>
        {children}
        <Button face="icon" className={classes.close} aria-label={t('common.close')} onClick={onClose}>
          <Icon name="cross" />
        </Button>
      </div>
    </dialog>
  );
}

import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, type ButtonFace } from './button.js';
import { Icon } from './icon.js';

const shownMs = 2_000;

/** Puts a text on the clipboard, and says so. Without `children` it is an icon of the name `label`. */
export function CopyButton({
  text,
  label,
  face = 'icon',
  children,
}: {
  text: string;
  label: string;
  face?: ButtonFace;
  children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <>
      <Button
        face={face}
        {...(children === undefined && { 'aria-label': label, title: label })}
        onClick={() => {
          void navigator.clipboard.writeText(text).then(() => setCopied(true));
        }}
      >
        <Icon name={isCopied ? 'check' : 'copy'} size={17} />
        {children !== undefined && (isCopied ? t('common.copied') : children)}
      </Button>
      <span className="sr" role="status">
        {isCopied ? t('common.copied') : ''}
      </span>
    </>
  );
}

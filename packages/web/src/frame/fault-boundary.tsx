import { Component, type ReactNode } from 'react';
import { Button } from '../look/button.js';
import { CodeWord } from '../look/tag.js';
import { useWords } from '../texts/use-words.js';
import classes from './fault-boundary.module.css';

/** A fault in one screen leaves the rest of the page standing, and is said. */
export class FaultBoundary extends Component<{ children: ReactNode }, { fault: Error | undefined }> {
  override state: { fault: Error | undefined } = { fault: undefined };

  static getDerivedStateFromError(fault: unknown): { fault: Error } {
    return { fault: fault instanceof Error ? fault : new Error(String(fault)) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    return fault === undefined ? this.props.children : <Fault fault={fault} />;
  }
}

function Fault({ fault }: { fault: Error }) {
  const { t } = useWords();
  return (
    <div className={classes.fault} role="alert">
      <h1>{t('frame.fault')}</h1>
      <p>{t('frame.faultSay')}</p>
      <CodeWord>{`PAGE_FAULT ${fault.message}`}</CodeWord>
      <Button face="soft" onClick={() => location.reload()}>
        {t('frame.reload')}
      </Button>
    </div>
  );
}

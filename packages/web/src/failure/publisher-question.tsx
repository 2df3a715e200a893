import type { PluginFailure, PublisherSummary } from '@jami-plugin-store/contract';
import { useId, useState } from 'react';
import { Button } from '../look/button.js';
import { CheckField } from '../look/check-field.js';
import { SealRing } from '../look/ring.js';
import { CodeWord } from '../look/tag.js';
import { Rich } from '../texts/rich.js';
import { useWords } from '../texts/use-words.js';
import classes from './publisher-question.module.css';

/** What the daemon takes as the user's consent: the organization, or the plugin's own key where there is none. */
function identityOf({ organization, pluginKey }: PublisherSummary): string {
  return organization ?? pluginKey;
}

/** Says that somebody else publishes a plugin now, and what that means. Nothing is accepted in passing: a box has to be ticked. */
export function PublisherQuestion({
  name,
  change,
  heading,
  version,
  onAccept,
  onStay,
}: {
  name: string;
  change: Pick<PluginFailure, 'code' | 'publisher' | 'installedPublisher'>;
  /** Id of its heading. */
  heading: string;
  /** What is installed. */
  version: string | undefined;
  onAccept: (identity: string) => void;
  onStay: () => void;
}) {
  const { t } = useWords();
  const [isSure, setSure] = useState(false);
  const label = useId();
  const { publisher, installedPublisher } = change;
  if (publisher === undefined) return null;
  const values = { name, before: installedPublisher?.name ?? t('common.unknown'), after: publisher.name };
  return (
    <section className={classes.question}>
      <div className={classes.top}>
        <SealRing seal="signed" size={60} />
        <div>
          <h2 id={heading}>{t('publisher.title', values)}</h2>
          <CodeWord>{change.code}</CodeWord>
        </div>
      </div>
      <p className={classes.say}>
        <Rich t={t} text="publisher.say" values={values} />
      </p>
      <p className={classes.say}>{t('publisher.why')}</p>
      <p className={classes.say}>
        <b>{t('publisher.ask', values)}</b> {t('publisher.keep')}
      </p>
      <details className={classes.identity}>
        <summary>{t('publisher.identity')}</summary>
        <code>{identityOf(publisher)}</code>
      </details>
      <div className={classes.sure}>
        <CheckField labelledBy={label} isChecked={isSure} onChange={setSure} />
        <span id={label}>{t('publisher.confirm', values)}</span>
      </div>
      <div className={classes.acts}>
        <Button face="fill" onClick={onStay}>
          {version === undefined ? t('publisher.stayPlain') : t('publisher.stay', { version })}
        </Button>
        <Button disabled={!isSure} onClick={() => onAccept(identityOf(publisher))}>
          {t('publisher.accept', values)}
        </Button>
      </div>
    </section>
  );
}

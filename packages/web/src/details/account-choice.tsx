import { useId, useState } from 'react';
import { Button } from '../look/button.js';
import { Choice } from '../look/choice.js';
import { TextField } from '../look/text-field.js';
import { useWords } from '../texts/use-words.js';
import settings from './settings.module.css';

/** Jami's account ids, as far as they may be a part of a path. */
const accountId = /^[A-Za-z0-9]{1,64}$/;
const other = '+';

/** Whose preferences are shown: an account that has values already, or one whose id is typed in. */
export function AccountChoice({
  account,
  accounts,
  onChoose,
}: {
  account: string | undefined;
  accounts: readonly string[];
  onChoose: (account: string) => void;
}) {
  const { t } = useWords();
  const known = account === undefined || accounts.includes(account) ? accounts : [...accounts, account];
  const [isTyping, setTyping] = useState(false);
  const [text, setText] = useState('');
  const hint = useId();
  const isWrong = text !== '' && !accountId.test(text);
  if (!isTyping && known.length > 0) {
    return (
      <Choice
        aria-label={t('preferences.account')}
        value={account ?? known[0] ?? other}
        options={[
          ...known.map((id) => ({ value: id, label: id })),
          { value: other, label: t('preferences.otherAccount') },
        ]}
        onChange={(chosen) => (chosen === other ? setTyping(true) : onChoose(chosen))}
      />
    );
  }
  return (
    <form
      className={settings.text}
      onSubmit={(event) => {
        event.preventDefault();
        if (!accountId.test(text)) return;
        setTyping(false);
        onChoose(text);
      }}
    >
      <TextField
        aria-label={t('preferences.accountId')}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? hint : undefined}
        placeholder={t('preferences.accountId')}
        value={text}
        maxLength={64}
        onChange={(event) => setText(event.currentTarget.value.trim())}
      />
      {isWrong && (
        <span id={hint} className="sr">
          {t('failures:sentences.ACCOUNT_ID_INVALID')}
        </span>
      )}
      <Button type="submit" disabled={!accountId.test(text)}>
        {t('preferences.show')}
      </Button>
    </form>
  );
}

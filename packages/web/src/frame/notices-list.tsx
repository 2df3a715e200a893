import { sentenceOf } from '../failure/failure-words.js';
import { Button } from '../look/button.js';
import { Icon } from '../look/icon.js';
import { CodeWord } from '../look/tag.js';
import { useNotices } from '../page/notices.js';
import { useWords } from '../texts/use-words.js';
import classes from './notices-list.module.css';

/** What was asked for and refused, until it is dismissed; read out at once. */
export function NoticesList() {
  const { t } = useWords();
  const { notices, dismiss } = useNotices();
  return (
    <div className={classes.list} role="alert">
      {notices.map((notice) => {
        const sentence = sentenceOf(notice, t);
        const text = notice.name === undefined ? sentence : `${notice.name}: ${sentence}`;
        return (
          <div key={notice.number} className={classes.notice}>
            <p>
              {text} <CodeWord>{notice.code}</CodeWord>
            </p>
            <Button
              face="icon"
              aria-label={t('notices.dismiss', { text })}
              onClick={() => dismiss(notice.number)}
            >
              <Icon name="cross" />
            </Button>
          </div>
        );
      })}
    </div>
  );
}

import type { Shell, StoreView } from '@jami-plugin-store/contract';
import { classNames } from '../look/class-names.js';
import { platformName } from '../texts/platform-names.js';
import { Rich } from '../texts/rich.js';
import { useWords } from '../texts/use-words.js';
import classes from './page-footer.module.css';

type DotTone = 'good' | 'bad' | 'warn' | 'none';

function Line({ tone, children }: { tone: DotTone; children: React.ReactNode }) {
  return (
    <p>
      <span className={classNames(classes.dot, classes[tone])} aria-hidden="true" />
      <span>{children}</span>
    </p>
  );
}

/** How things stand, below every screen. */
export function PageFooter({ shell }: { shell: Shell | undefined }) {
  const { t } = useWords();
  return (
    <footer className={classes.foot}>
      <div className={classes.inside}>
        {shell?.stores.map((store) => (
          <StoreLine key={store.name} store={store} platform={shell.platform} />
        ))}
        {shell?.stores.length === 0 && <Line tone="none">{t('frame.noStore')}</Line>}
        {shell && <DaemonLine status={shell.daemon.status} />}
        {shell?.network === 'offline' && <Line tone="warn">{t('frame.offline')}</Line>}
        <p className={classes.local}>{t('frame.local')}</p>
      </div>
    </footer>
  );
}

function StoreLine({ store, platform }: { store: StoreView; platform: string }) {
  const { t, number, ago } = useWords();
  const values = {
    name: store.name,
    platform: platformName(platform),
    when: store.askedAt && ago(store.askedAt),
  };
  if (store.status === 'unavailable') {
    return (
      <Line tone="bad">
        <Rich t={t} text="frame.storeUnavailable" values={values} />
      </Line>
    );
  }
  if (store.status === 'none-for-platform') {
    return (
      <Line tone="good">
        <Rich t={t} text="frame.storeNone" values={values} />
      </Line>
    );
  }
  if (store.status !== 'offered') {
    return (
      <Line tone="none">
        <Rich t={t} text="frame.storeAsking" values={values} />
      </Line>
    );
  }
  return (
    <Line tone="good">
      {store.plugins === undefined ? (
        <Rich t={t} text="frame.storeOfferedUncounted" values={values} />
      ) : (
        <Rich
          t={t}
          text="frame.storeOffered"
          count={store.plugins}
          values={{ ...values, number: number(store.plugins) }}
        />
      )}
    </Line>
  );
}

const daemonTexts = {
  connected: { tone: 'good', key: 'frame.daemonConnected' },
  lost: { tone: 'bad', key: 'frame.daemonLost' },
  unknown: { tone: 'none', key: 'frame.daemonUnknown' },
} as const;

function DaemonLine({ status }: { status: Shell['daemon']['status'] }) {
  const { t } = useWords();
  const { tone, key } = daemonTexts[status];
  return <Line tone={tone}>{t(key)}</Line>;
}

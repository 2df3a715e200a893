import type { PluginPage, PluginView, RevocationSummary, TrustView } from '@jami-plugin-store/contract';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { Icon, type IconName } from '../look/icon.js';
import panel from '../look/panel.module.css';
import { SealRing } from '../look/ring.js';
import { usePluginWish } from '../page/page-wishes.js';
import { actionsOf } from '../plugin/plugin-actions.js';
import { useNow } from '../texts/use-now.js';
import { useWords } from '../texts/use-words.js';
import classes from './trust-panel.module.css';

type Certificate = TrustView['path'][number];
type Tone = 'good' | 'bad' | 'plain';

const toneOf = { none: 'plain', signed: 'plain', verified: 'good', changed: 'bad', revoked: 'bad' } as const;

/** Who vouches for a plugin, from the root down, and whether that still holds. It says who says so, and when. */
export function TrustPanel({ page, view }: { page: PluginPage; view: PluginView }) {
  const { t, ago } = useWords();
  useNow();
  const { trust } = page;
  const tone: Tone = toneOf[trust.seal];
  const isHere = trust.saidBy === 'daemon';
  return (
    <aside className={classNames(panel.panel, classes.trust)} aria-labelledby="trust">
      <div className={classNames(classes.verdict, classes[tone])}>
        <SealRing seal={trust.seal} size={48} />
        <div>
          <h2 id="trust">{t(`trust.title.${trust.seal}`)}</h2>
          <p>
            {view.installed?.state === 'unmanaged'
              ? t('trust.unmanaged')
              : isHere && trust.verifiedAt !== undefined
                ? ago(trust.verifiedAt)
                : !isHere && t('trust.notHere')}
          </p>
        </div>
      </div>
      {trust.path.length > 0 ? (
        <Chain trust={trust} tone={tone} />
      ) : (
        !isHere && <p className={classes.none}>{t('trust.noPath')}</p>
      )}
      <Asked trust={trust} view={view} />
      {trust.path.length > 0 && <Fingerprints path={trust.path} />}
    </aside>
  );
}

/** What was answered about a certificate: by its whole subject. */
function answerAbout(trust: TrustView, certificate: Certificate): RevocationSummary | undefined {
  return trust.revocation.find(({ subject }) => subject === certificate.subject);
}

function Chain({ trust, tone }: { trust: TrustView; tone: Tone }) {
  const { t } = useWords();
  const isHere = trust.saidBy === 'daemon';
  const fromRoot = [...trust.path].reverse();
  return (
    <ol className={classNames(classes.chain, classes[tone])} aria-label={t('trust.chain')}>
      {fromRoot.map((certificate, index) => {
        const isRoot = index === 0;
        const isLeaf = index === fromRoot.length - 1;
        const role: Role = isRoot ? 'root' : isLeaf ? 'certificate' : 'organization';
        return (
          <Link
            key={certificate.sha256 || certificate.subject}
            role={role}
            certificate={certificate}
            issuer={fromRoot[index - 1]}
            isRootsOwn={index === 1}
            answer={isRoot ? undefined : answerAbout(trust, certificate)}
            isHere={isHere}
          />
        );
      })}
      <Content trust={trust} />
    </ol>
  );
}

type Role = 'root' | 'organization' | 'certificate';
const icons = { root: 'sprout', organization: 'house', certificate: 'plug' } as const satisfies Record<
  Role,
  IconName
>;

function Link({
  role,
  certificate,
  issuer,
  isRootsOwn,
  answer,
  isHere,
}: {
  role: Role;
  certificate: Certificate;
  issuer: Certificate | undefined;
  /** The root itself issued it: there is no organization between. */
  isRootsOwn: boolean;
  answer: RevocationSummary | undefined;
  isHere: boolean;
}) {
  const { t, date } = useWords();
  const now = useNow();
  const until = date(certificate.notAfter);
  const isExpired = Date.parse(certificate.notAfter) < now;
  const say =
    role === 'root'
      ? t(isHere ? 'trust.rootSay' : 'trust.rootSayStore')
      : isExpired
        ? t('trust.expiredSay', { date: until })
        : role === 'organization'
          ? t('trust.organizationSay', { date: until })
          : isRootsOwn
            ? t('trust.rootSigns', { date: until })
            : t('trust.certificateSay', { issuer: issuer?.name ?? certificate.issuer, date: until });
  return (
    <li>
      <span className={classes.node} aria-hidden="true">
        <Icon name={icons[role]} size={19} />
      </span>
      <p className={classes.role}>{t(`trust.${role}`)}</p>
      <p className={classes.name}>{certificate.name}</p>
      <p className={classes.say}>
        {say}
        {answer !== undefined && <Answer answer={answer} />}
      </p>
    </li>
  );
}

const answerWords = {
  good: { key: 'trust.good', icon: 'check', tone: 'answerGood' },
  revoked: { key: 'trust.revoked', icon: 'cross', tone: 'answerBad' },
  unknown: { key: 'trust.unknown', icon: 'cross', tone: 'answerBad' },
  'not-offered': { key: 'trust.notOffered', icon: 'clock', tone: 'answerNone' },
  'not-asked': { key: 'trust.notAsked', icon: 'clock', tone: 'answerNone' },
} as const;

function Answer({ answer }: { answer: RevocationSummary }) {
  const { t } = useWords();
  const { key, icon, tone } = answerWords[answer.status];
  return (
    <span className={classNames(classes.answer, classes[tone])}>
      <Icon name={icon} size={15} />
      {t(key)} {answer.source !== 'none' && t(`trust.source.${answer.source}`)}
    </span>
  );
}

function Content({ trust }: { trust: TrustView }) {
  const { t, number } = useWords();
  const { files, seal, saidBy } = trust;
  const isHere = saidBy === 'daemon' && seal !== 'none' && seal !== 'signed';
  const isChanged = seal === 'changed';
  return (
    <li className={isChanged ? classes.bad : undefined}>
      <span className={classes.node} aria-hidden="true">
        <Icon name="pages" size={19} />
      </span>
      <p className={classes.role}>{t('trust.content')}</p>
      <p className={classes.name}>
        {isChanged
          ? t('trust.filesChanged')
          : !isHere
            ? files === undefined
              ? t('trust.filesSigned')
              : t('details.files', { count: files, number: number(files) })
            : files === undefined
              ? t('trust.filesUncounted')
              : t('trust.files', { count: files, number: number(files) })}
      </p>
      {!isChanged && <p className={classes.say}>{t(isHere ? 'trust.filesSay' : 'trust.filesLater')}</p>}
    </li>
  );
}

/** When revocation was asked about, what was answered, and the way to ask again. */
function Asked({ trust, view }: { trust: TrustView; view: PluginView }) {
  const { t, ago, moment } = useWords();
  const wish = usePluginWish();
  const unanswered = view.installed?.unanswered;
  const statuses = trust.revocation.map(({ status }) => status);
  const answer = statuses.includes('revoked')
    ? t('trust.askedBad')
    : statuses.includes('unknown')
      ? t('trust.askedUnknown')
      : statuses.includes('good')
        ? t('trust.askedGood')
        : t('trust.askedNone');
  const canAsk = actionsOf(view).has('check');
  return (
    <div className={classes.ask}>
      <div>
        <b>
          {trust.askedAt === undefined
            ? t('trust.neverAsked')
            : t('trust.asked', { when: ago(trust.askedAt), answer })}
        </b>
        <p>
          {unanswered === undefined
            ? t(view.installed === undefined ? 'trust.askSayOffered' : 'trust.askSay')
            : t(unanswered.isOverdue ? 'trust.unansweredOverdue' : 'trust.unanswered', {
                since: moment(unanswered.since),
                until: moment(unanswered.graceEnds),
              })}
        </p>
      </div>
      {canAsk && (
        <Button
          isBusy={wish.isPending}
          aria-label={t('actions.checkName', { name: view.name })}
          onClick={() => wish.mutate({ view, action: 'check' })}
        >
          {t('actions.check')}
        </Button>
      )}
    </div>
  );
}

/** Everything exact, for whoever compares it with what they got by another way. */
function Fingerprints({ path }: { path: readonly Certificate[] }) {
  const { t } = useWords();
  return (
    <details className={classes.details}>
      <summary>
        {t('trust.fingerprints')}
        <Icon name="down" />
      </summary>
      <dl>
        {[...path].reverse().map((certificate) => (
          <div key={certificate.sha256 || certificate.subject}>
            <dt>{t('trust.fingerprint', { name: certificate.name })}</dt>
            <dd>{certificate.sha256 === '' ? t('common.unknown') : inPairs(certificate.sha256)}</dd>
            <dt>{t('trust.serial', { name: certificate.name })}</dt>
            <dd>
              {certificate.serialNumber === '' ? t('common.unknown') : inPairs(certificate.serialNumber)}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** `8c41…` as `8C:41:…`, the way other programs write it. */
function inPairs(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return (even.toUpperCase().match(/../g) ?? []).join(':');
}

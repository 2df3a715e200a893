import type { PluginPage, PluginView } from '@jami-plugin-store/contract';
import { useShell } from '../page/page-queries.js';
import { systemNames } from '../texts/platform-names.js';
import { useWords } from '../texts/use-words.js';
import classes from './facts.module.css';

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly aside?: string | undefined;
}

/** The few figures a plugin is chosen by. What nobody told is left out. */
export function Facts({ page, view }: { page: PluginPage; view: PluginView }) {
  const { t, number, size, date, languageName, list } = useWords();
  const { platform } = useShell();
  const { installed, snapshot } = view;
  const version = installed?.version ?? snapshot.offered?.version;
  const release = page.releases.find((candidate) => candidate.version === version);
  const files = page.trust.files ?? release?.files;
  const bytes = release?.size ?? view.size;
  const published = release?.publishedAt ?? view.publishedAt;
  const [system, ...others] = systemNames(view.platforms, platform);
  const newer = snapshot.state === 'updatable' ? snapshot.offered?.version : undefined;
  const facts: (Fact | undefined)[] = [
    version === undefined
      ? undefined
      : {
          name: t('details.version'),
          value: version,
          aside:
            newer !== undefined
              ? t('details.newer', { version: newer })
              : snapshot.state === 'installed'
                ? t('details.upToDate')
                : undefined,
        },
    published !== undefined
      ? { name: t('details.published'), value: date(published) }
      : installed?.installedAt !== undefined
        ? { name: t('details.installedOn'), value: date(installed.installedAt) }
        : undefined,
    bytes === undefined
      ? files === undefined
        ? undefined
        : { name: t('details.content'), value: t('details.files', { count: files, number: number(files) }) }
      : {
          name: t('details.size'),
          value: size(bytes),
          aside:
            files === undefined ? undefined : t('details.files', { count: files, number: number(files) }),
        },
    system === undefined
      ? undefined
      : { name: t('details.platforms'), value: system, aside: others.join(t('common.separator')) },
    page.languages.length === 0
      ? undefined
      : { name: t('details.languages'), value: list(page.languages.map(languageName)) },
    page.downloads === undefined
      ? undefined
      : { name: t('details.downloads'), value: number(page.downloads) },
    { name: t('details.store'), value: view.store === '-' ? t('details.fromFile') : view.store },
  ];
  return (
    <dl className={classes.facts} aria-label={t('details.facts')}>
      {facts.map(
        (fact) =>
          fact !== undefined && (
            <div key={fact.name}>
              <dt>{fact.name}</dt>
              <dd>
                {fact.value} {fact.aside && <small>{fact.aside}</small>}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

import type { CatalogSort, PluginView, Shell, StoreView } from '@jami-plugin-store/contract';
import { useRef } from 'react';
import { NoStore } from '../empty/store-empties.js';
import { useBrowsing } from '../frame/browsing.js';
import { Choice } from '../look/choice.js';
import { SealMark } from '../look/seal-mark.js';
import { SectionHead } from '../look/section-head.js';
import { useCatalog, useShell } from '../page/page-queries.js';
import { platformName } from '../texts/platform-names.js';
import { useWords } from '../texts/use-words.js';
import classes from './available-section.module.css';
import { CatalogBody } from './catalog-body.js';
import { CatalogFilters } from './catalog-filters.js';
import { focusFileChoice } from './drop-zone.js';
import type { RecentInstall } from './recent-installs.js';

interface AvailableProps {
  /** What is known of plugins since the list was read. */
  readonly plugins: readonly PluginView[];
  readonly recent: ReadonlyMap<string, RecentInstall>;
  /** What is looked for. */
  readonly text: string;
}

/** What a store has for this computer, without what is installed. */
export function AvailableSection(props: AvailableProps) {
  const shell = useShell();
  const { browsing } = useBrowsing();
  const chosen = shell.stores.find(({ name }) => name === browsing.store) ?? shell.stores[0];
  if (chosen === undefined) {
    return (
      <section>
        <NoStore onFile={focusFileChoice} />
      </section>
    );
  }
  return <StoreCatalog key={chosen.name} store={chosen} shell={shell} {...props} />;
}

function StoreCatalog({
  store,
  shell,
  plugins,
  recent,
  text,
}: AvailableProps & { store: StoreView; shell: Shell }) {
  const { t } = useWords();
  const { browsing, browse } = useBrowsing();
  const sort: CatalogSort = browsing.sort ?? (text === '' ? 'newest' : 'relevance');
  const catalog = useCatalog({ store: store.name, q: text, category: browsing.category, sort }, plugins);
  const select = useRef<HTMLSelectElement>(null);
  const others = shell.stores.length > 1;
  const heading = 'available';
  return (
    <section aria-labelledby={heading}>
      <SectionHead
        id={heading}
        title={t('available.title')}
        aside={t('available.forPlatform', { platform: platformName(shell.platform) })}
      >
        {others && (
          <Choice
            ref={select}
            aria-label={t('available.store')}
            value={store.name}
            options={shell.stores.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => browse({ store: name, category: undefined })}
          />
        )}
        <ul className={classes.legend}>
          {(['signed', 'verified'] as const).map((seal) => (
            <li key={seal}>
              <SealMark seal={seal} />
              {t(`available.legend.${seal}`)}
            </li>
          ))}
        </ul>
      </SectionHead>
      <CatalogBody
        store={store}
        shell={shell}
        catalog={catalog}
        live={plugins}
        recent={recent}
        text={text}
        filters={
          <CatalogFilters
            store={store}
            categories={catalog.first?.categories ?? []}
            sort={sort}
            text={text}
          />
        }
        onOther={others ? () => select.current?.focus() : undefined}
      />
    </section>
  );
}

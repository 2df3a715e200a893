import type { CatalogSort, StoreView } from '@jami-plugin-store/contract';
import { useBrowsing } from '../frame/browsing.js';
import { ChipChoice } from '../look/chips.js';
import { Choice } from '../look/choice.js';
import { categoryName } from '../texts/category-names.js';
import { useWords } from '../texts/use-words.js';
import classes from './available-section.module.css';

/** Categories and order of a store's list. */
export function CatalogFilters({
  store,
  categories,
  sort,
  text,
}: {
  store: StoreView;
  categories: readonly string[];
  sort: CatalogSort;
  text: string;
}) {
  const { t, compare } = useWords();
  const { browsing, browse } = useBrowsing();
  const options = categories
    .map((value) => ({ value, label: categoryName(value, t) }))
    .sort((a, b) => compare(a.label, b.label));
  const sorts: CatalogSort[] = [
    ...(text === '' ? [] : (['relevance'] as const)),
    'newest',
    'name',
    ...(store.isDocumented === false ? [] : (['downloads'] as const)),
  ];
  return (
    <div className={classes.filters}>
      {options.length > 1 && (
        <ChipChoice
          label={t('available.category')}
          value={browsing.category ?? ''}
          options={[{ value: '', label: t('available.all') }, ...options]}
          onChange={(category) => browse({ category: category === '' ? undefined : category })}
        />
      )}
      <span className={classes.grow} />
      <span className={classes.sort}>
        <Choice
          aria-label={t('available.sort')}
          value={sort}
          options={sorts.map((value) => ({ value, label: t(`available.${value}`) }))}
          onChange={(chosen) => browse({ sort: chosen })}
        />
      </span>
    </div>
  );
}

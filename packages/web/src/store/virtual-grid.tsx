import { defaultRangeExtractor, type Range, useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { classNames } from '../look/class-names.js';
import classes from './virtual-grid.module.css';

/** Lists up to this length are simply there; the browser is quick enough, and can be searched. */
const plainUpTo = 60;
/** Rows that the focus may lie outside of what is seen and still be kept. */
const focusReach = 40;
const overscan = 3;

interface GridProps<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  readonly render: (item: Item) => ReactNode;
  readonly label: string;
  /** Narrowest a column may be, or `one` for rows. */
  readonly columnPx: number | 'one';
  readonly gapPx: number;
  /** Height of a row before it is measured. */
  readonly rowPx: number;
  readonly className?: string | undefined;
  /** The end of the list is near. */
  readonly onEnd?: (() => void) | undefined;
  /** Of how many in all, where more is to come. */
  readonly total?: number | undefined;
}

/** A list of any length, of which only what is seen (and a little more) is in the document. It scrolls with the page. */
export function VirtualGrid<Item>(props: GridProps<Item>) {
  return props.items.length <= plainUpTo ? <PlainGrid {...props} /> : <LongGrid {...props} />;
}

function PlainGrid<Item>({ items, keyOf, render, label, columnPx, className, onEnd }: GridProps<Item>) {
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (onEnd === undefined || end.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) onEnd();
      },
      { rootMargin: '800px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [onEnd]);
  return (
    <ul
      aria-label={label}
      className={classNames(classes.grid, columnPx !== 'one' && classes.columns, className)}
    >
      {items.map((item) => (
        <li key={keyOf(item)}>{render(item)}</li>
      ))}
      {onEnd !== undefined && <li ref={end} className={classes.end} aria-hidden="true" />}
    </ul>
  );
}

function LongGrid<Item>({
  items,
  keyOf,
  render,
  label,
  columnPx,
  gapPx,
  rowPx,
  className,
  onEnd,
  total,
}: GridProps<Item>) {
  const list = useRef<HTMLUListElement>(null);
  const { columns, offset } = useGeometry(list, columnPx, gapPx);
  const rowCount = Math.ceil(items.length / columns);
  const focused = useRef<number>(undefined);
  const virtualizer = useWindowVirtualizer({
    count: rowCount,
    estimateSize: () => rowPx,
    gap: gapPx,
    overscan,
    scrollMargin: offset,
    rangeExtractor: useCallback((range: Range) => withFocus(range, focused.current), []),
  });
  const rows = virtualizer.getVirtualItems();
  const first = rows[0];
  const last = rows.at(-1);
  const isNearEnd = last !== undefined && last.index >= rowCount - overscan - 1;
  useEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, onEnd]);
  const from = (first?.index ?? 0) * columns;
  const to = ((last?.index ?? -1) + 1) * columns;
  return (
    <ul
      ref={list}
      aria-label={label}
      className={classNames(classes.grid, columnPx !== 'one' && classes.columns, className)}
      style={{
        blockSize: virtualizer.getTotalSize(),
        paddingBlockStart: (first?.start ?? offset) - offset,
      }}
      onFocus={(event) => {
        focused.current = rowOf(event.target);
      }}
      onBlur={() => {
        focused.current = undefined;
      }}
    >
      {items.slice(from, to).map((item, index) => {
        const position = from + index;
        const row = Math.floor(position / columns);
        // The first of a row is as tall as its row: it is measured for all of it.
        const measured =
          position % columns === 0 ? { ref: virtualizer.measureElement, 'data-index': row } : {};
        return (
          <li
            key={keyOf(item)}
            {...measured}
            data-row={row}
            aria-setsize={total ?? items.length}
            aria-posinset={position + 1}
          >
            {render(item)}
          </li>
        );
      })}
    </ul>
  );
}

/** The rows in sight, and those up to where the focus is: what is focused stays in the document. */
function withFocus(range: Range, focused: number | undefined): number[] {
  const rows = defaultRangeExtractor(range);
  const first = rows[0];
  const last = rows.at(-1);
  if (focused === undefined || first === undefined || last === undefined || focused >= range.count)
    return rows;
  if (focused < first && first - focused <= focusReach) {
    return [...Array.from({ length: first - focused }, (_, index) => focused + index), ...rows];
  }
  if (focused > last && focused - last <= focusReach) {
    return [...rows, ...Array.from({ length: focused - last }, (_, index) => last + 1 + index)];
  }
  return rows;
}

function rowOf(target: EventTarget): number | undefined {
  const row = target instanceof Element ? target.closest('[data-row]')?.getAttribute('data-row') : null;
  return row === null || row === undefined ? undefined : Number(row);
}

/** How many columns fit, and where on the page the list begins; both change with what is above and around it. */
function useGeometry(
  list: React.RefObject<HTMLUListElement | null>,
  columnPx: number | 'one',
  gapPx: number,
): { columns: number; offset: number } {
  const [geometry, setGeometry] = useState({ columns: 1, offset: 0 });
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = (): void => {
      const width = element.clientWidth;
      const columns =
        columnPx === 'one'
          ? 1
          : Math.max(1, Math.floor((width + gapPx) / (Math.min(columnPx, width) + gapPx)));
      const offset = Math.round(element.getBoundingClientRect().top + window.scrollY);
      setGeometry((known) =>
        known.columns === columns && known.offset === offset ? known : { columns, offset },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [list, columnPx, gapPx]);
  return geometry;
}

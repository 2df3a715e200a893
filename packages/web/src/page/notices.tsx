import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { reasonOf } from './page-error.js';

/** Something that was asked for and refused, until the user has seen it. */
export interface Notice {
  readonly number: number;
  readonly code: string;
  /** The sentence that came with it; the page's own for the code goes before it. */
  readonly message: string;
  /** Plugin concerned. */
  readonly name: string | undefined;
}

interface Notices {
  readonly notices: readonly Notice[];
  readonly refused: (error: unknown, name?: string) => void;
  readonly dismiss: (number: number) => void;
}

const NoticesContext = createContext<Notices | undefined>(undefined);
const kept = 4;

export function useNotices(): Notices {
  const notices = useContext(NoticesContext);
  if (notices === undefined) throw new Error('Rendered outside NoticesProvider');
  return notices;
}

export function NoticesProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const refused = useCallback((error: unknown, name?: string) => {
    const reason = reasonOf(error);
    setNotices((known) => {
      const others = known.filter((notice) => notice.code !== reason.code || notice.name !== name);
      return [...others, { number: (known.at(-1)?.number ?? 0) + 1, ...reason, name }].slice(-kept);
    });
  }, []);
  const dismiss = useCallback((number: number) => {
    setNotices((known) => known.filter((notice) => notice.number !== number));
  }, []);
  const value = useMemo(() => ({ notices, refused, dismiss }), [notices, refused, dismiss]);
  return <NoticesContext value={value}>{children}</NoticesContext>;
}

import type { ParseKeys } from 'i18next';
import type { ComponentType, ReactElement } from 'react';
import { Trans } from 'react-i18next';
import type { Speak } from './use-words.js';

interface SentenceProps {
  readonly t: Speak;
  readonly i18nKey: string;
  readonly components: Readonly<Record<string, ReactElement>>;
  readonly values?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly count?: number | undefined;
  readonly shouldUnescape: boolean;
  readonly tOptions: object;
}

// With keys of two namespaces the type of `Trans` itself is more than the compiler follows; `Rich` checks them instead.
const Sentence = Trans as unknown as ComponentType<SentenceProps>;
const parts = { b: <b />, code: <code /> };

/**
 * A sentence with bold words and code in it. Its values are put in as text: a name that looks like a tag is shown as it is
 * written.
 */
export function Rich({
  t,
  text,
  values,
  count,
}: {
  t: Speak;
  text: ParseKeys<['page', 'failures']>;
  values?: SentenceProps['values'];
  count?: number;
}) {
  return (
    <Sentence
      t={t}
      i18nKey={text}
      values={values}
      count={count}
      components={parts}
      shouldUnescape
      tOptions={{ interpolation: { escapeValue: true } }}
    />
  );
}

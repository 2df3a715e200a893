import type { Speak } from '../texts/use-words.js';
import { type FailureGroup, failureGroupOf, isListed } from './failure-groups.js';

/** What everybody who refuses gives: an exact code, and a sentence. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** The reason in the page's language; of a code it was not told of, in the words of whoever refused. */
export function sentenceOf({ code, message }: Reason, t: Speak): string {
  return isListed(code) ? t(`failures:sentences.${code}`) : message;
}

/** Why that is a reason, in a sentence or two. */
export function explanationOf({ code }: Reason, t: Speak): string {
  return t(`failures:explain.${failureGroupOf(code)}`);
}

const steps = ['a', 'b', 'c'] as const;
type AdviceKey = `failures:advice.${FailureGroup}.${(typeof steps)[number]}`;

/** Keys of what to do next, in order; their texts may hold `<b>` and `<code>`. */
export function adviceKeysOf({ code }: Reason, t: Speak): AdviceKey[] {
  const group = failureGroupOf(code);
  const keys = steps.map((step): AdviceKey => `failures:advice.${group}.${step}`);
  return keys.filter((key) => t(key) !== '');
}

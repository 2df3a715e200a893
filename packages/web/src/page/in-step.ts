import type { PageEvent } from '@jami-plugin-store/contract';
import { keyOf, keyOfView, type News } from './page-cache.js';
import type { Host } from './page-context.js';

/**
 * Asks the host, and puts what it told meanwhile onto the answer. Answers and events come on different ways: what was told while
 * an answer was on its way may be newer than the answer, and if it is older, what is newer will still be told.
 * @param apply the answer after one piece of news; what does not concern it leaves it as it is
 */
export async function inStep<Answer>(
  listen: Host['listen'],
  ask: () => Promise<Answer>,
  apply: (answer: Answer, news: News) => Answer,
): Promise<Answer> {
  // The newest of each thing is enough.
  const heard = new Map<string, News>();
  const off = listen((event) => {
    const name = nameOf(event);
    if (name === undefined) return;
    heard.delete(name);
    heard.set(name, event as News);
  });
  try {
    const answer = await ask();
    return [...heard.values()].reduce(apply, answer);
  } finally {
    off();
  }
}

function nameOf(event: PageEvent): string | undefined {
  switch (event.type) {
    case 'shell':
      return event.type;
    case 'plugin':
      return keyOfView(event.plugin);
    case 'gone':
      return keyOf(event.store, event.id);
    default:
      return undefined;
  }
}

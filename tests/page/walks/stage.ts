import type { Browser, Locator } from 'playwright-core';
import { expect } from 'vitest';
import type { VisitOptions, Visitor } from '../browser.js';
import type { PageWorld } from '../page-world.js';

/** What every walk stands on: one world and one browser, opened once. */
export interface Stage {
  readonly world: PageWorld;
  readonly browser: Browser;
  /** A new visitor at the page. */
  visit(options?: VisitOptions): Promise<Visitor>;
}

/** Waits until each is on the screen; some stand there twice, once to be read out. */
export async function seen(...locators: Locator[]): Promise<void> {
  for (const locator of locators) await locator.first().waitFor();
}

/** Waits until it is on the screen no more. */
export async function unseen(locator: Locator): Promise<void> {
  await locator.waitFor({ state: 'detached' });
}

/** axe-core finds nothing on the screen as it is. */
export async function isAccessible(visitor: Visitor): Promise<void> {
  expect(await visitor.violations()).toEqual([]);
}

/** A promise that somebody else keeps. */
export function later(): { promise: Promise<void>; keep: () => void } {
  let keep: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
}

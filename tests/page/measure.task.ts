import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, Visitor } from './browser.js';
import { PageWorld } from './page-world.js';

/** How quick the page is with a thousand plugins: `npm run bench:page`. The store is real; its list is as long as it never was. */
const plugins = 1_000;
/** What issue and documents promise. */
const promised = { scriptBytes: 200_000, interactiveMs: 1_000, framesPerSecond: 50, cards: 60 };

let world: PageWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([PageWorld.open(), launchBrowser()]);
  await world.publish({ id: 'Whiteboard', organization: 'Papillon Collective' });
  const [one] = (await (await fetch(`${world.front.url}?arch=${world.platform}`)).json()) as [object];
  const list = Array.from({ length: plugins }, (_, place) => ({
    ...one,
    id: place === 0 ? 'Whiteboard' : `Plugin${place}`,
    name: `Plugin number ${place}`,
  }));
  world.front.mischief.replace = { from: /^\/\?arch=/, bytes: Buffer.from(JSON.stringify(list)) };
  // The list of a store with the documented API comes page by page.
  world.front.mischief.plain = true;
  await world.startDaemon();
  await world.startUser();
});
afterAll(async () => {
  await browser.close();
  await world[Symbol.asyncDispose]();
});

test('first load, time until something can be done, and frames while a thousand plugins scroll', async () => {
  const visitor = await Visitor.open(browser, world.host.issueAddress(), { still: false });
  const { page } = visitor;
  // As at every further visit: nothing is kept from the first, but the session.
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  let scriptBytes = 0;
  const scripts = new Set<string>();
  session.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Script') scripts.add(requestId);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) scriptBytes += encodedDataLength;
  });
  await page.addInitScript(`(() => {
    const look = () => {
      if (document.querySelector('article button') === null) requestAnimationFrame(look);
      else window.interactiveMs = performance.now();
    };
    requestAnimationFrame(look);
  })()`);
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    scriptBytes = 0;
    await page.reload();
    await page.locator('article button').first().waitFor();
    // The page's own frame may come a moment after the driver has seen the button.
    await expect.poll(() => page.evaluate<boolean>('window.interactiveMs !== undefined')).toBe(true);
    times.push(await page.evaluate<number>('window.interactiveMs'));
  }
  const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
    const stamps = [];
    const began = performance.now();
    const step = (now) => {
      stamps.push(now);
      window.scrollBy(0, 60);
      if (now - began < 4000) requestAnimationFrame(step);
      else resolve(stamps.slice(1).map((stamp, place) => stamp - stamps[place]));
    };
    requestAnimationFrame(step);
  })`);
  const cards = await page.getByRole('list', { name: 'Available plugins' }).getByRole('article').count();
  const rank = (values: number[], share: number): number =>
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
  const row = (name: string, value: number, unit: string, target: number | null, isMore = false) => ({
    name,
    value: Math.round(value * 10) / 10,
    unit,
    against: null,
    ratio: null,
    target,
    met: target === null ? null : isMore ? value > target : value < target,
  });
  const rows = [
    row('script of the first load, gzipped', scriptBytes, 'bytes', promised.scriptBytes),
    row('until something can be done', rank(times, 0.5), 'ms', promised.interactiveMs),
    row('until something can be done, worst of five', rank(times, 1), 'ms', null),
    row(`frames while ${plugins} plugins scroll`, frames.length / 4, 'per s', promised.framesPerSecond, true),
    row('time of a frame, p95', rank(frames, 0.95), 'ms', null),
    row('time of a frame, worst', rank(frames, 1), 'ms', null),
    row('cards in the document at once', cards, 'cards', promised.cards),
    row('scrolled', await page.evaluate<number>('Math.round(window.scrollY)'), 'px', null),
  ];
  process.stdout.write(`${JSON.stringify({ bench: 'page', rows })}\n`);
  const scrolled = rows.at(-1)?.value ?? 0;
  expect(scrolled).toBeGreaterThan(5_000);
  expect(rows.filter(({ met }) => met === false)).toEqual([]);
  await visitor[Symbol.asyncDispose]();
});

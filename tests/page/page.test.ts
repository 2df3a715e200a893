import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { browserSkipMessage, launchBrowser, Visitor } from './browser.js';
import { PageWorld } from './page-world.js';
import { paintedSample } from './painted-sample.js';
import { browsingWalk } from './walks/browsing.js';
import { enteringWalk } from './walks/entering.js';
import { healingWalk } from './walks/healing.js';
import { installingWalk } from './walks/installing.js';
import { livingWalk } from './walks/living.js';
import { plainWalk } from './walks/plain.js';
import type { Stage } from './walks/stage.js';
import { watchingWalk } from './walks/watching.js';

/** The user's page in a real browser, in front of a real authority, store, daemon and client: one world for all walks, in this order. */
describe.skipIf(browserSkipMessage !== '')(`the page in a browser${browserSkipMessage}`, () => {
  let stage: Stage;
  let world: PageWorld;
  let browser: Browser;
  beforeAll(async () => {
    [world, browser] = await Promise.all([PageWorld.open(), launchBrowser()]);
    await world.publish(
      { id: 'GreenScreen', native: true, ...paintedSample },
      { id: 'Whiteboard', organization: 'Papillon Collective', bulk: 3_000_000 },
      { id: 'WatercolorBackground', bulk: 1_000_000, files: 600 },
      { id: 'SharedNotes', organization: 'Papillon Collective' },
      { id: 'LiveCaptions' },
      { id: 'TranslateChat', organization: 'Papillon Collective' },
      { id: 'TamperedSample' },
      { id: 'RevokedSample', organization: 'Papillon Collective' },
    );
    await world.startDaemon();
    await world.startUser();
    const visit: Stage['visit'] = (options) => Visitor.open(browser, world.host.issueAddress(), options);
    stage = { world, browser, visit };
  });
  afterAll(async () => {
    await browser?.close();
    await world?.[Symbol.asyncDispose]();
  });
  const current = (): Stage => stage;
  enteringWalk(current);
  browsingWalk(current);
  installingWalk(current);
  livingWalk(current);
  watchingWalk(current);
  plainWalk(current);
  healingWalk(current);
});

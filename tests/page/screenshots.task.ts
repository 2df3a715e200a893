import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, type VisitOptions, Visitor } from './browser.js';
import { PageWorld } from './page-world.js';
import { paintedSample } from './painted-sample.js';
import { tamperInTransit } from './tampering.js';
import { later, seen } from './walks/stage.js';

/** Pictures of every screen, for the README and for eyes: `npm run screenshots`, into `docs/screenshots`. */
const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const maxFileBytes = 400_000;
const maxAllBytes = 5_000_000;
const papillon = { organization: 'Papillon Collective' } as const;

const looks: Readonly<Record<string, VisitOptions>> = {
  light: { width: 1120, height: 760, scheme: 'light' },
  dark: { width: 1120, height: 760, scheme: 'dark' },
  narrow: { width: 360, height: 780, scheme: 'light' },
};

let world: PageWorld;
let browser: Browser;
const rest = later();

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  [world, browser] = await Promise.all([PageWorld.open(), launchBrowser()]);
  await world.publish(
    { id: 'TamperedSample' },
    { id: 'RevokedSample', ...papillon },
    { id: 'LiveCaptions' },
    { id: 'TranslateChat', ...papillon },
    { id: 'Whiteboard', ...papillon, bulk: 12_000_000 },
    { id: 'Silence', native: true },
    { id: 'WatercolorBackground', version: '1.4.2', files: 400 },
    { id: 'GreenScreen', native: true, ...paintedSample },
    { id: 'SharedNotes', ...papillon },
  );
  await world.startDaemon();
  await world.startUser();
  await world.addAccount('0123456789abcdef');
});
afterAll(async () => {
  rest.keep();
  await browser.close();
  await world[Symbol.asyncDispose]();
});

async function install(...ids: string[]): Promise<void> {
  for (const id of ids) await world.client.stores.get('samples').plugins.install(id);
}

/** One screen in every look. */
async function picture(
  name: string,
  prepare: (visitor: Visitor) => Promise<void>,
  { only = Object.keys(looks), isWhole = false }: { only?: readonly string[]; isWhole?: boolean } = {},
): Promise<void> {
  for (const look of only) {
    const visitor = await Visitor.open(browser, world.host.issueAddress(), looks[look]);
    await prepare(visitor);
    await visitor.page.evaluate('document.fonts.ready');
    await visitor.page.waitForLoadState('networkidle').catch(() => undefined);
    await visitor.page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: isWhole });
    visitor.forgive(/Failed to load resource|ERR_/);
    await visitor[Symbol.asyncDispose]();
  }
}
const both = { only: ['light', 'dark'] };

test('how it works, where nothing was installed yet', async () => {
  const show = (scenario: string, title: string) => async (visitor: Visitor) => {
    const { page } = visitor;
    await visitor.go('#/how-it-works');
    await page.getByText(scenario, { exact: true }).first().click();
    await seen(page.getByText('Recorded beforehand, delivered with this page'));
    await page
      .getByRole('radiogroup', { name: /^Messages/ })
      .getByRole('radio')
      .first()
      .focus();
    for (let steps = 0; steps < 40; steps += 1) {
      if ((await page.getByRole('heading', { name: title }).count()) > 0) break;
      await page.keyboard.press('ArrowDown');
    }
    await seen(page.getByRole('heading', { name: title }), page.getByRole('img', { name: /states/ }));
    await page.evaluate('window.scrollTo(0, 0)');
  };
  await picture('how-it-works', show('Normal', 'The responder answers'), { isWhole: true });
  await picture('how-it-works-tampered', show('Tampered', 'A file does not match'), {
    ...both,
    isWhole: true,
  });
});

test('plugins: installed, available, on their way, refused', async () => {
  await install('WatercolorBackground', 'Silence', 'GreenScreen', 'SharedNotes');
  await world.daemon.load('GreenScreen');
  await world.publish({ id: 'WatercolorBackground', version: '1.5.0', files: 400 });
  await world.publisher.revoke('RevokedSample');
  await world.publisher.revoke('SharedNotes');
  await world.daemon.check('SharedNotes');
  const visitor = await Visitor.open(browser, world.host.issueAddress());
  await visitor.page.getByRole('button', { name: 'Look for updates' }).click();
  await visitor
    .row('Watercolor Background')
    .getByRole('button', { name: /^Update to 1\.5\.0/ })
    .waitFor();
  {
    await using _tampering = await tamperInTransit(world, 'TamperedSample', 'data/preferences.json');
    await visitor
      .card('Tampered Sample')
      .getByRole('button', { name: /^Install/ })
      .click();
    await seen(visitor.card('Tampered Sample').getByText('SIGNATURE_INVALID').first());
  }
  await visitor
    .card('Revoked Sample')
    .getByRole('button', { name: /^Install/ })
    .click();
  await seen(visitor.card('Revoked Sample').getByText('CERTIFICATE_REVOKED').first());
  world.front.mischief.hold = { after: 5_000_000, until: rest.promise };
  await visitor
    .card('Whiteboard')
    .getByRole('button', { name: /^Install/ })
    .click();
  await seen(visitor.card('Whiteboard').getByText(/^5\.0 of/));
  await visitor[Symbol.asyncDispose]();
  await picture('plugins', (one) => seen(one.card('Whiteboard').getByText(/of 12\.0/)), { isWhole: true });
});

test('one plugin', async () => {
  const open = (id: string, heading: string) => async (visitor: Visitor) => {
    await visitor.go(`#/plugins/samples/${id}`);
    await seen(visitor.page.getByRole('heading', { name: heading }).first());
  };
  await picture('plugin', open('GreenScreen', 'For one account'), { isWhole: true });
  await picture('plugin-available', open('LiveCaptions', 'Versions'), both);
  await picture('plugin-revoked', open('SharedNotes', 'Versions'), both);
});

test('activity', async () => {
  await picture(
    'activity',
    async (visitor) => {
      await visitor.go('#/activity');
      await seen(visitor.page.getByText('CERTIFICATE_REVOKED').first());
    },
    both,
  );
});

test('a refusal explained', async () => {
  await picture('refusal', async (visitor) => {
    await visitor
      .card('Tampered Sample')
      .getByRole('button', { name: /^What now/ })
      .click();
    await seen(visitor.page.getByRole('dialog').getByText('How far it got'));
  });
});

test('nothing for this computer', async () => {
  await using _empty = await world.addEmptyStore('harbour');
  await picture(
    'nothing-offered',
    async ({ page }) => {
      await page.getByRole('combobox', { name: 'Store' }).selectOption('harbour');
      const heading = page.getByRole('heading', { name: /^No plugins for/ });
      await heading.scrollIntoViewIfNeeded();
    },
    both,
  );
});

test('the daemon is gone', async () => {
  await world.stopDaemon();
  await picture(
    'daemon-gone',
    ({ page }) => seen(page.getByRole('heading', { name: 'The daemon is not running' })),
    both,
  );
  await world.startDaemon();
});

test('the store is away', async () => {
  world.front.mischief.down = true;
  await world.restartUser();
  await picture(
    'store-away',
    async ({ page }) => {
      await page
        .getByRole('heading', { name: 'The store is currently unavailable' })
        .scrollIntoViewIfNeeded();
    },
    both,
  );
  world.front.mischief.down = undefined;
});

test('the pictures stay small enough to be kept', async () => {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  expect(Math.max(...sizes)).toBeLessThan(maxFileBytes);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(maxAllBytes);
});

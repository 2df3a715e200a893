import { describe, expect, test } from 'vitest';
import { storeName } from '../page-world.js';
import { isAccessible, type Stage, seen, unseen } from './stage.js';

/** The same page in front of a store that answers Jami's own routes and nothing else. */
export function plainWalk(stage: () => Stage): void {
  describe('at a plain Jami store', () => {
    test('listed, found, installed, updated and removed by Jami’s routes alone', async () => {
      const { world, visit } = stage();
      world.front.mischief.plain = true;
      await world.restartUser();
      try {
        await using visitor = await visit();
        const { page } = visitor;
        const card = visitor.card('Translate Chat');
        await seen(card);
        await isAccessible(visitor);
        await page.keyboard.press('/');
        await page.keyboard.type('translate');
        await card.getByRole('link', { name: 'Translate Chat' }).click();
        await seen(page.getByRole('heading', { level: 1, name: 'Translate Chat' }));
        await page.getByRole('button', { name: 'Install Translate Chat' }).click();
        await seen(page.getByRole('heading', { name: 'Verified on this computer' }));

        await world.publish({ id: 'TranslateChat', organization: 'Papillon Collective', version: '1.2.0' });
        await visitor.go('#/');
        await page.getByRole('button', { name: 'Look for updates' }).click();
        const row = visitor.row('Translate Chat');
        await row.getByRole('button', { name: 'Update to 1.2.0: Translate Chat' }).click();
        await seen(row.getByText('1.2.0', { exact: true }));
        await row.getByRole('button', { name: 'More for Translate Chat' }).click();
        await page.getByRole('menuitem', { name: 'Uninstall' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Uninstall' }).click();
        await unseen(row);
        await seen(card);
        const asked = world.front.requests.filter(({ path }) => path.startsWith('/v1/'));
        const store = world.client.stores.get(storeName);
        if (asked.length === 0 || store.catalogue.standing.isDocumented !== false)
          throw new Error('The client took it for a store with the documented API');
      } finally {
        world.front.mischief.plain = undefined;
        await world.restartUser();
      }
    });

    test('a thousand plugins: few of them in the document, the last one is reached, and each is found', async () => {
      const { world, visit } = stage();
      const { mischief, url } = world.front;
      const [one] = (await (await fetch(`${url}?arch=${world.platform}`)).json()) as [object];
      const list = Array.from({ length: 1_000 }, (_, place) => ({
        ...one,
        id: `Plugin${place}`,
        name: `Plugin number ${place}`,
      }));
      mischief.plain = true;
      mischief.replace = { from: /^\/\?arch=/, bytes: Buffer.from(JSON.stringify(list)) };
      await world.restartUser();
      try {
        await using visitor = await visit();
        const { page } = visitor;
        await seen(
          page
            .getByText('Plugin number 999', { exact: true })
            .or(page.getByText('Plugin number 0', { exact: true }))
            .first(),
        );
        const cards = page.getByRole('list', { name: 'Available plugins' }).getByRole('article');
        expect(await cards.count()).toBeLessThan(60);
        await page.getByRole('combobox', { name: 'Sort' }).selectOption({ label: 'By name' });
        await page.mouse.move(400, 600);
        // The page grows longer while it is scrolled: heights are known from what was shown.
        const reach = async (): Promise<number> => {
          await page.mouse.wheel(0, 100_000);
          return await visitor.card('Plugin number 999').count();
        };
        await expect.poll(reach, { timeout: 20_000 }).toBe(1);
        expect(await cards.count()).toBeLessThan(60);
        await isAccessible(visitor);
        await page.keyboard.press('/');
        await page.keyboard.type('number 777');
        await seen(visitor.card('Plugin number 777'));
        await expect.poll(() => cards.count()).toBe(1);
      } finally {
        mischief.replace = undefined;
        mischief.plain = undefined;
        await world.restartUser();
      }
    });
  });
}

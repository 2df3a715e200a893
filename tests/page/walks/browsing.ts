import { describe, expect, test } from 'vitest';
import { isAccessible, type Stage, seen } from './stage.js';

/** Looking around: the list, the search, one plugin, the languages, small windows, the keyboard. */
export function browsingWalk(stage: () => Stage): void {
  describe('looking around', () => {
    test('cards are found by their words, in the list and by its search, and sorted', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      const whiteboard = visitor.card('Whiteboard');
      await seen(
        whiteboard.getByText('By Papillon Collective'),
        whiteboard.getByText('A shared sheet to draw on', { exact: false }),
        whiteboard.getByRole('button', { name: 'Install Whiteboard' }),
      );
      await isAccessible(visitor);
      await page.keyboard.press('/');
      await page.keyboard.type('draw');
      await expect.poll(() => names(visitor)).toEqual(['Whiteboard']);
      await page.keyboard.press('Escape');
      await page.keyboard.type('nothing of that name');
      await seen(page.getByRole('heading', { name: /^Nothing here matches/ }));
      await page.getByRole('button', { name: 'Clear the search' }).click();
      await seen(whiteboard);
      await page.getByRole('combobox', { name: 'Sort' }).selectOption({ label: 'By name' });
      await expect.poll(() => names(visitor)).toEqual([...(await names(visitor))].sort());
    });

    test('by category, together with order and search, and all again', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await seen(visitor.card('Whiteboard'));
      const category = (name: string) =>
        page.getByRole('radiogroup', { name: 'Category' }).getByRole('radio', { name, exact: true });
      const all = await names(visitor);
      await page.getByRole('combobox', { name: 'Sort' }).selectOption({ label: 'By name' });
      await category('Chat').check({ force: true });
      await expect.poll(() => names(visitor)).toEqual(['Shared Notes', 'Translate Chat']);
      await isAccessible(visitor);
      await page.keyboard.press('/');
      await page.keyboard.type('translate');
      await expect.poll(() => names(visitor)).toEqual(['Translate Chat']);
      await page.keyboard.press('Escape');
      await category('Video').check({ force: true });
      await expect
        .poll(() => names(visitor))
        .toEqual(['GreenScreen', 'Live Captions', 'Watercolor Background']);
      await category('All').check({ force: true });
      await expect.poll(async () => (await names(visitor)).sort()).toEqual([...all].sort());
    });

    test('one plugin: what it is, its versions, and what the store says of who signed it', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.card('Whiteboard').getByRole('link', { name: 'Whiteboard' }).click();
      await seen(
        page.getByRole('heading', { level: 1, name: 'Whiteboard' }),
        page.getByRole('heading', { name: 'About' }),
        page.getByRole('heading', { name: 'Versions' }),
        page.getByRole('heading', { name: 'Signed by its publisher' }),
        page.getByRole('button', { name: 'Install Whiteboard' }),
      );
      await isAccessible(visitor);
      await page.getByRole('link', { name: 'Plugins' }).last().click();
      await seen(visitor.card('Whiteboard'));
    });

    test('French, kept over a reload, texts of plugins included; and back', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await seen(visitor.card('Whiteboard'));
      await page.getByText('Français').click({ force: true });
      await seen(page.getByRole('heading', { name: 'Disponibles' }));
      await seen(page.getByText('Une feuille', { exact: false }).first());
      expect(await page.locator('html').getAttribute('lang')).toBe('fr');
      await isAccessible(visitor);
      await page.reload();
      await seen(page.getByRole('heading', { name: 'Disponibles' }));
      await page.getByText('English').click({ force: true });
      await seen(visitor.card('Whiteboard').getByText('A shared sheet', { exact: false }));
    });

    test('dark, 360 pixels wide, right to left: nothing to find fault with, and nothing runs out of the window', async () => {
      await using visitor = await stage().visit({ width: 360, height: 780, scheme: 'dark' });
      const { page } = visitor;
      const screens = ['#/', '#/plugins/samples/Whiteboard', '#/activity', '#/how-it-works'];
      for (const screen of screens) {
        await visitor.go(screen);
        await seen(page.locator('main h1'));
        for (const direction of ['ltr', 'rtl']) {
          await page.evaluate(`document.documentElement.dir = '${direction}'`);
          const width = await page.evaluate('document.documentElement.scrollWidth');
          expect([screen, direction, width]).toEqual([screen, direction, 360]);
        }
        await page.evaluate("document.documentElement.dir = 'ltr'");
        expect([screen, await visitor.violations()]).toEqual([screen, []]);
      }
    });

    test('the keyboard alone gets everywhere, and always sees where it is', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await seen(visitor.card('Whiteboard'));
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      const met = new Set<string>();
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press('Tab');
        // Behind the last one the browser's own window comes.
        if (await page.evaluate('document.activeElement === document.body')) break;
        const here = await page.evaluate<{ name: string; ring: boolean }>(`(() => {
          const element = document.activeElement;
          const shown = element.matches('input') && element.labels?.[0] ? element.labels[0] : element;
          const rings = [element, shown, element.nextElementSibling].filter(Boolean).map((one) => getComputedStyle(one));
          return {
            name: element.getAttribute('aria-label') ?? element.textContent,
            ring: rings.some((style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none'),
          };
        })()`);
        if (met.has(here.name)) continue;
        met.add(here.name);
        expect(here).toEqual({ name: here.name, ring: true });
      }
      expect([...met]).toEqual(
        expect.arrayContaining(['Choose a file to install', 'Install Whiteboard', 'Whiteboard']),
      );
      await visitor.card('Whiteboard').getByRole('link').focus();
      await page.keyboard.press('Enter');
      await seen(page.getByRole('heading', { level: 1, name: 'Whiteboard' }));
    });
  });
}

async function names(visitor: Awaited<ReturnType<Stage['visit']>>): Promise<string[]> {
  return await visitor.page
    .getByRole('list', { name: 'Available plugins' })
    .getByRole('heading', { level: 3 })
    .allTextContents();
}

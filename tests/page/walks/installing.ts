import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { tampered } from '../sample-publisher.js';
import { tamperInTransit } from '../tampering.js';
import { isAccessible, later, type Stage, seen, unseen } from './stage.js';

/** From a click to the seal, and what a refusal looks like. */
export function installingWalk(stage: () => Stage): void {
  describe('installing', () => {
    test('progress follows the bytes, cancel leaves nothing behind, and the next try ends in the seal', async () => {
      const { world, visit } = stage();
      await using visitor = await visit({ still: false });
      const card = visitor.card('Whiteboard');
      const first = later();
      world.front.mischief.hold = { after: 1_000_000, until: first.promise };
      await card.getByRole('button', { name: 'Install Whiteboard' }).click();
      await seen(card.getByText('Downloading').first(), card.getByText(/^1\.0 of 3\.0.MB$/));
      await isAccessible(visitor);
      const cancel = card.getByRole('button', { name: 'Cancel download of Whiteboard' });
      // The button became the ring: the focus is where it was.
      expect(await visitor.page.evaluate('document.activeElement.ariaLabel')).toBe(
        'Cancel download of Whiteboard',
      );
      await cancel.click();
      await seen(card.getByRole('button', { name: 'Install Whiteboard' }));
      first.keep();
      world.front.mischief.hold = undefined;

      await visitor.remember('article', 'Whiteboard');
      await card.getByRole('button', { name: 'Install Whiteboard' }).click();
      await seen(visitor.row('Whiteboard').getByText('Up to date'));
      const told = (await visitor.remembered()).join('\n');
      expect(told).toMatch(/Downloading/);
      expect(told).toMatch(/Installed/);
      await unseen(card);
    });

    test('who wants less motion sees nothing move, and numbers that count', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const card = visitor.card('Watercolor Background');
      const rest = later();
      world.front.mischief.hold = { after: 500_000, until: rest.promise };
      await card.getByRole('button', { name: 'Install Watercolor Background' }).click();
      await seen(card.getByText(/^0\.5 of/));
      const running = `document.getAnimations().filter(({ playState, effect }) =>
        playState === 'running' && effect.getComputedTiming().duration > 1).length`;
      expect(await visitor.page.evaluate(running)).toBe(0);
      await visitor.remember('article', 'Watercolor Background');
      rest.keep();
      world.front.mischief.hold = undefined;
      await seen(visitor.row('Watercolor Background'));
      await unseen(card);
      const told = (await visitor.remembered()).join('\n');
      expect(told).toMatch(/Verifying[\s\S]*\d+ of 6\d\d files/);
    });

    test('a file changed on the way is refused with its reason, its code and what to do next', async () => {
      const { world, visit } = stage();
      await using _tampering = await tamperInTransit(world, 'TamperedSample', 'data/preferences.json');
      await using visitor = await visit();
      const { page } = visitor;
      const card = visitor.card('Tampered Sample');
      await card.getByRole('button', { name: 'Install Tampered Sample' }).click();
      await seen(card.getByText('SIGNATURE_INVALID').first(), card.getByText('Not installed').first());
      await isAccessible(visitor);
      await card.getByRole('button', { name: 'What now? Tampered Sample' }).click();
      const dialog = page.getByRole('dialog');
      await seen(
        dialog.getByRole('heading', { name: 'Tampered Sample was not installed' }),
        dialog.getByText('data/preferences.json').first(),
        dialog.getByRole('heading', { name: 'What to do next' }),
        dialog.getByText('A file is not as it was signed'),
      );
      await isAccessible(visitor);
      await page.keyboard.press('Escape');
      await unseen(dialog);
      expect(await world.installed()).not.toContain('TamperedSample');
    });

    test('a revoked certificate is refused, in words and with its code', async () => {
      const { world, visit } = stage();
      await world.publisher.revoke('RevokedSample');
      await using visitor = await visit();
      const card = visitor.card('Revoked Sample');
      await card.getByRole('button', { name: 'Install Revoked Sample' }).click();
      await seen(card.getByText('CERTIFICATE_REVOKED').first());
      await isAccessible(visitor);
      expect(await world.installed()).not.toContain('RevokedSample');
    });

    test('a file of one’s own, chosen or dropped, is judged like any other', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      const path = await world.publisher.make({ id: 'Silence' });
      const choose = page.getByLabel('Choose a file to install');
      await choose.setInputFiles(path);
      await seen(visitor.row('Silence').getByText('Northwind Labs'));

      const bytes = await tampered(path, 'data/preferences.json');
      await choose.setInputFiles({
        name: 'Silence.jpl',
        mimeType: 'application/octet-stream',
        buffer: bytes,
      });
      const refused = page.getByText('Silence.jpl was not installed').first();
      await seen(refused, page.getByText('SIGNATURE_INVALID').first());
      await isAccessible(visitor);
      await page.getByRole('button', { name: 'Close' }).click();

      const name = `${randomUUID()}.jpl`;
      const dropped = await page.evaluateHandle(`(() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(['hello'], '${name}'));
        return transfer;
      })()`);
      for (const event of ['dragenter', 'dragover', 'drop'])
        await page.dispatchEvent('main', event, { dataTransfer: dropped });
      await seen(page.getByText(`${name} was not installed`).first(), page.getByText('NOT_A_ZIP').first());
    });
  });
}

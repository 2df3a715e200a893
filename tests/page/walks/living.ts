import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { paintedSample } from '../painted-sample.js';
import { isAccessible, type Stage, seen, unseen } from './stage.js';

/** A plugin that stays: preferences, updates and the way back, loading, revocation, removal. */
export function livingWalk(stage: () => Stage): void {
  describe('an installed plugin', () => {
    test('preferences of all eight types, for everybody and for one account, stored, kept by an update, reset', async () => {
      const { world, visit } = stage();
      await world.addAccount('0123456789abcdef');
      await using visitor = await visit();
      const { page } = visitor;
      await visitor.card('GreenScreen').getByRole('button', { name: 'Install GreenScreen' }).click();
      await visitor.row('GreenScreen').getByRole('link', { name: 'Preferences of GreenScreen' }).click();
      await seen(page.getByRole('heading', { name: 'For every account' }));
      await isAccessible(visitor);

      await page.getByRole('switch', { name: 'Sharp' }).click({ force: true });
      await page.getByRole('checkbox', { name: 'Grain' }).click({ force: true });
      await page.getByRole('combobox', { name: 'Paper' }).selectOption('rough');
      await page.getByRole('radio', { name: 'Flat' }).click({ force: true });
      await page.getByRole('slider', { name: 'Wetness' }).press('ArrowRight');
      await page.getByText('Ochre', { exact: true }).click();
      const signature = page.getByRole('textbox', { name: 'Signature' });
      await signature.fill('From the blue room');
      await signature.press('Enter');
      const picture = page.getByRole('textbox', { name: 'Picture' });
      await picture.fill('/nowhere/room.png');
      await picture.press('Enter');
      await seen(page.getByText('Not saved:', { exact: false }), page.getByText('PREFERENCE_VALUE_INVALID'));
      const room = join(world.folder, 'room.png');
      await writeFile(room, '');
      await picture.fill(room);
      await picture.press('Enter');
      await seen(page.getByRole('heading', { name: 'For one account' }));
      await page.getByRole('switch', { name: 'In calls' }).click({ force: true });
      const stored = () => world.preferences('GreenScreen', '0123456789abcdef');
      await expect.poll(stored).toMatchObject({
        sharp: 'false',
        grain: 'true',
        paper: 'rough',
        brush: 'flat',
        pigments: 'rose,ochre',
        wetness: '51',
        signature: 'From the blue room',
        picture: room,
        calls: 'false',
      });
      await world.publish({ id: 'GreenScreen', version: '1.3.0', native: true, ...paintedSample });
      await visitor.go('#/');
      await page.getByRole('button', { name: 'Look for updates' }).click();
      await visitor.row('GreenScreen').getByRole('button', { name: 'Update to 1.3.0: GreenScreen' }).click();
      await seen(visitor.row('GreenScreen').getByText('1.3.0'));
      expect(await stored()).toMatchObject({ paper: 'rough', calls: 'false' });

      await visitor.go('#/plugins/samples/GreenScreen/preferences');
      await page.getByRole('button', { name: 'Reset Paper' }).click();
      await expect.poll(async () => (await stored()).paper).toBe('smooth');
      await page.getByRole('button', { name: 'Reset all preferences of GreenScreen', exact: true }).click();
      await expect.poll(stored).toMatchObject({ signature: '', brush: 'round', calls: 'false' });
    });

    test('the way back: the version before, kept on this computer', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.go('#/plugins/samples/GreenScreen');
      await seen(page.getByText('Kept on this computer'));
      await page.getByRole('button', { name: 'Roll back to 1.2.0' }).first().click();
      await visitor.go('#/');
      await seen(
        visitor.row('GreenScreen').getByText('1.2.0', { exact: true }),
        visitor.row('GreenScreen').getByRole('button', { name: 'Update to 1.3.0: GreenScreen' }),
      );
    });

    test('who vouches for it, down from the root, and when revocation was asked', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.go('#/plugins/samples/GreenScreen');
      await seen(
        page.getByRole('heading', { name: 'Verified on this computer' }),
        page.getByText('Sample Store Root').first(),
        page.getByText('Northwind Labs').first(),
        page.getByText(/^Asked .*: good$/),
      );
      expect(await page.getByText('Not revoked (OCSP)').count()).toBe(2);
      await page.getByRole('button', { name: 'Ask now' }).click();
      await seen(page.getByText(/^Asked .*: good$/));
      await isAccessible(visitor);
    });

    test('the switch loads and unloads it; all are disabled at once; updates by themselves are a switch, too', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      const load = visitor.row('GreenScreen').getByRole('switch', { name: 'Load GreenScreen' });
      const isLoaded = async () =>
        (await world.daemon.list()).find(({ id }) => id === 'GreenScreen')?.load?.state === 'loaded';
      await load.click({ force: true });
      await expect.poll(isLoaded).toBe(true);
      await expect.poll(() => load.isChecked()).toBe(true);
      await page.getByRole('button', { name: 'Disable all' }).click();
      await expect.poll(isLoaded).toBe(false);
      await expect.poll(() => load.isChecked()).toBe(false);
      const automatic = page.getByRole('switch', { name: 'Update automatically' });
      expect(await automatic.isChecked()).toBe(false);
      await automatic.click({ force: true });
      await expect.poll(() => world.client.settings.autoUpdate).toBe(true);
      await expect.poll(() => automatic.isChecked()).toBe(true);
      await automatic.click({ force: true });
      await expect.poll(() => world.client.settings.autoUpdate).toBe(false);
    });

    test('revoked while it is installed: turned off, grey, with the reason, and the ways on', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      await visitor.card('Shared Notes').getByRole('button', { name: 'Install Shared Notes' }).click();
      const row = visitor.row('Shared Notes');
      await seen(row);
      await world.publisher.revoke('SharedNotes');
      await row.getByRole('button', { name: 'More for Shared Notes' }).click();
      await page.getByRole('menuitem', { name: 'Ask whether it is still good' }).click();
      await seen(row.getByText('Turned off').first(), row.getByText('CERTIFICATE_REVOKED').first());
      await isAccessible(visitor);
      await row.getByRole('button', { name: 'What now? Shared Notes' }).click();
      await seen(page.getByRole('dialog').getByRole('heading', { name: 'Shared Notes was turned off' }));
      await isAccessible(visitor);
      await page.keyboard.press('Escape');
      await row.getByRole('button', { name: 'More for Shared Notes' }).click();
      await page.getByRole('menuitem', { name: 'Uninstall' }).click();
      const question = page.getByRole('dialog');
      await seen(question.getByRole('heading', { name: 'Uninstall Shared Notes?' }));
      await isAccessible(visitor);
      await question.getByRole('button', { name: 'Uninstall' }).click();
      await unseen(row);
      expect(await world.installed()).not.toContain('SharedNotes');
    });

    test('activity tells what was done and refused, newest first', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.go('#/activity');
      await seen(
        page.getByText('Removed').first(),
        page.getByText('Updated from 1.2.0 to 1.3.0').first(),
        page.getByText('Went back from 1.3.0 to 1.2.0').first(),
        page.getByText('SIGNATURE_INVALID').first(),
      );
      await isAccessible(visitor);
    });
  });
}

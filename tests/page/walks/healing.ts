import { afterEach, describe, expect, test } from 'vitest';
import { isAccessible, type Stage, seen, unseen } from './stage.js';

/** What takes a list's place when something is away, and goes by itself when it is back. */
export function healingWalk(stage: () => Stage): void {
  describe('when something is away', () => {
    afterEach(async () => {
      const { world } = stage();
      world.front.mischief.down = undefined;
      if (!world.hasDaemon) await world.startDaemon();
    });

    test('the store: said above the list, in its place where there is none, and over when it answers again', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      await seen(visitor.card('Tampered Sample'));
      world.front.mischief.down = true;
      await page.getByRole('button', { name: 'Look for updates' }).click();
      const stale = page.getByText(/does not answer\. The list is shown as it was/);
      await seen(stale, page.getByText('unavailable').first());
      await isAccessible(visitor);

      await world.restartUser();
      await using late = await visit();
      const panel = late.page.getByRole('heading', { name: 'The store is currently unavailable' });
      await seen(panel, late.page.getByText(/^Asking again in \d+ s$/));
      await isAccessible(late);
      // What is installed is there all the same.
      await seen(late.row('GreenScreen'));
      world.front.mischief.down = undefined;
      await seen(late.card('Tampered Sample'));
      await unseen(panel);
      visitor.forgive(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|Failed to load resource/);
    });

    test('the daemon: what is installed cannot be told, the store still can, and it comes back by itself', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      await seen(visitor.row('GreenScreen'));
      await world.stopDaemon();
      const panel = page.getByRole('heading', { name: 'The daemon is not running' });
      await seen(panel, visitor.card('Tampered Sample'), page.getByText('DAEMON_UNAVAILABLE').first());
      await isAccessible(visitor);
      await world.startDaemon();
      await seen(visitor.row('GreenScreen'));
      await unseen(panel);
    });

    test('the program behind the page: what was read stays, and that it is old is said', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      await seen(visitor.row('GreenScreen'));
      const port = Number(new URL(world.host.origin).port);
      await world.stopUser();
      const lost = page.getByText('The program behind this page does not answer.', { exact: false });
      await seen(lost, visitor.row('GreenScreen'));
      await isAccessible(visitor);
      await world.startUser({ port });
      // Its session ended with the program: the page says how it is opened again, and goes on in this browser when it was.
      await seen(page.getByRole('heading', { name: 'This page is no longer known here' }));
      await using other = await visitor.tab(world.host.issueAddress());
      await seen(other.row('GreenScreen'), visitor.row('GreenScreen'));
      await unseen(lost);
      visitor.forgive(
        /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/,
      );
    });

    test('a store with nothing for this computer says so, and offers the way by a file', async () => {
      const { world, visit } = stage();
      await using visitor = await visit();
      const { page } = visitor;
      await using _empty = await world.addEmptyStore('empty');
      await page.reload();
      await page.getByRole('combobox', { name: 'Store' }).selectOption('empty');
      await seen(page.getByRole('heading', { name: /^No plugins for .* yet$/ }));
      await isAccessible(visitor);
      await page.getByRole('button', { name: 'Install from a file' }).click();
      expect(await page.evaluate('document.activeElement.type')).toBe('file');
      await page.getByRole('combobox', { name: 'Store' }).selectOption('samples');
      await seen(visitor.card('Tampered Sample'));
    });
  });
}

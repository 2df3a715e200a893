import { describe, expect, test } from 'vitest';
import { isAccessible, type Stage, seen } from './stage.js';

/** "How it works": messages of real installs, and the machine beside them. */
export function watchingWalk(stage: () => Stage): void {
  describe('how it works', () => {
    test('an install runs here, live, and each of its messages opens what was really sent', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.go('#/how-it-works');
      await seen(page.getByRole('heading', { level: 1, name: 'How one install works' }));
      await page.getByRole('button', { name: 'Run it here, now' }).click();
      await seen(page.getByText(/^Recorded on this computer/).first());
      const messages = page.getByRole('radiogroup', { name: /^Messages of the install of/ });
      await expect.poll(() => messages.getByRole('radio').count()).toBeGreaterThan(12);
      const parties = await messages.getByText(/ to /).allTextContents();
      expect(parties).toEqual(
        expect.arrayContaining([
          'Client to Store',
          'Store to Client',
          'Client to Daemon',
          'Daemon to OCSP responder',
          'OCSP responder to Daemon',
          'Daemon to Client',
        ]),
      );
      await isAccessible(visitor);

      await messages.getByRole('radio').first().focus();
      await page.keyboard.press('Home');
      const raw = page.getByRole('region', { name: 'As it was sent' });
      await seen(raw.getByText(/GET \/.* HTTP\/1\.1/));
      for (const title of ['The responder answers', 'Is it revoked?']) {
        await expect
          .poll(async () => {
            await page.keyboard.press('ArrowDown');
            return await page.getByRole('heading', { name: title }).count();
          })
          .toBeGreaterThan(0);
        await seen(raw);
      }
      await page.keyboard.press('End');
      await seen(
        page.getByRole('img', { name: /state/i }),
        page.getByRole('heading', { name: 'The daemon reports' }),
      );
    });

    test('played, paused and stepped', async () => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.go('#/how-it-works');
      const place = page.getByRole('slider', { name: 'Place in the recording' });
      await page.getByRole('button', { name: 'From the start' }).click();
      await expect.poll(async () => Number(await place.inputValue())).toBeGreaterThan(1);
      await page.getByRole('button', { name: 'Pause' }).click();
      const paused = Number(await place.inputValue());
      await page.getByRole('button', { name: 'One message on' }).click();
      await expect.poll(async () => Number(await place.inputValue())).toBe(paused + 1);
      await page.getByRole('button', { name: 'One message back' }).click();
      await expect.poll(async () => Number(await place.inputValue())).toBe(paused);
    });

    test.each([
      ['Tampered', 'SIGNATURE_INVALID'],
      ['Revoked', 'CERTIFICATE_REVOKED'],
    ])('the %s sample shows where it ended', async (scenario, code) => {
      await using visitor = await stage().visit();
      const { page } = visitor;
      await visitor.go('#/how-it-works');
      await page.getByText(scenario, { exact: true }).click();
      await seen(
        page.getByText(/^Recorded on this computer/).first(),
        page.getByText(code).first(),
        page.getByRole('button', { name: 'Run it here, now' }),
      );
      await isAccessible(visitor);
    });
  });
}

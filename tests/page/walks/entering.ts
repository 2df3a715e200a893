import { describe, expect, test } from 'vitest';
import { Visitor } from '../browser.js';
import { isAccessible, type Stage, seen } from './stage.js';

/** Who is let in, and what the browser is told about the page. */
export function enteringWalk(stage: () => Stage): void {
  describe('entering', () => {
    test('the code leaves the address at once, works once, and the session outlives a reload', async () => {
      const { world, browser } = stage();
      const address = world.host.issueAddress();
      await using visitor = await Visitor.open(browser, address);
      const { page } = visitor;
      await seen(page.getByRole('heading', { name: 'Available' }));
      expect(page.url()).toBe(`${world.host.origin}/`);
      expect(await page.evaluate('document.cookie')).toBe('');
      await page.reload();
      await seen(page.getByRole('heading', { name: 'Available' }));

      await using late = await Visitor.open(browser, address);
      await seen(late.page.getByRole('heading', { name: 'This page is no longer known here' }));
      await isAccessible(late);
      // It heals in the same browser when the page is opened anew.
      await late.page.goto(world.host.issueAddress());
      await late.page.reload();
      await seen(late.page.getByRole('heading', { name: 'Available' }));
    });

    test('the browser is told to load nothing from elsewhere and to run nothing that stands in the page', async () => {
      const { world, browser } = stage();
      await using visitor = await Visitor.open(browser, world.host.issueAddress());
      const { page } = visitor;
      const answer = await page.request.get(`${world.host.origin}/`);
      const policy = answer.headers()['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain('unsafe');
      const refused = await page.evaluate(`new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.head.append(script);
      })`);
      expect(refused).toBe('script-src-elem');
      expect(await page.evaluate('window.ran')).toBeUndefined();
      visitor.complaints.splice(0);
    });
  });
}

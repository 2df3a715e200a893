import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Debian's, or another that is named. */
const program = process.env.JPL_CHROMIUM ?? find('chromium');
export const browserSkipMessage = program === undefined ? ' (skipped: no chromium on this machine)' : '';

function find(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What is used of a browser's own globals where a function runs in the page. */
interface PageGlobals {
  remembered: string[];
  readonly MutationObserver: new (
    heard: () => void,
  ) => { observe(element: unknown, what: Readonly<Record<string, boolean>>): void };
}

/** For what does not come at all; a busy machine takes seconds for what takes a moment elsewhere. */
const patienceMs = 40_000;

export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    ...(program !== undefined && { executablePath: program }),
    // Chromium's sandbox is not for root, and a container's /dev/shm may be small.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  });
}

export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
  readonly language?: string;
  /** Default true: what moves stands still, so that a test need not wait for it. */
  readonly still?: boolean;
}

/** One visitor with a browser profile of its own. What the page complains of is kept: policy, scripts, requests elsewhere. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly complaints: string[] = [];

  readonly #ownsContext: boolean;

  private constructor(context: BrowserContext, page: Page, ownsContext: boolean) {
    this.#context = context;
    this.#ownsContext = ownsContext;
    this.page = page;
  }

  /** Opens the page at an address with a one-time code, and waits until it shows something. */
  static async open(browser: Browser, address: string, options: VisitOptions = {}): Promise<Visitor> {
    const { width = 1280, height = 900, scheme = 'light', language = 'en-US', still = true } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      locale: language,
      reducedMotion: still ? 'reduce' : 'no-preference',
      bypassCSP: false,
    });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    const visitor = new Visitor(context, page, true);
    await visitor.#enter(address);
    return visitor;
  }

  async #enter(address: string): Promise<void> {
    const { page, complaints } = this;
    const { origin } = new URL(address);
    page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      const isHost = message.location().url.startsWith(`${origin}/page/`);
      // A refusal of the host is an answer; the browser notes each of them.
      if (message.type() === 'error' && !(isHost && /Failed to load resource/.test(message.text())))
        complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== 'data:') complaints.push(`elsewhere: ${url.href}`);
    });
    await page.goto(address);
    await page.locator('main h2, main h1').first().waitFor();
  }

  /** Leads to a screen by its address behind the `#`. */
  async go(hash: string): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  }

  /** A second tab of the same browser, opened at an address with a one-time code. */
  async tab(address: string): Promise<Visitor> {
    const page = await this.#context.newPage();
    const visitor = new Visitor(this.#context, page, false);
    await visitor.#enter(address);
    return visitor;
  }

  /** Keeps every text that an element shows from now on: what is there for a moment only is not missed. */
  async remember(role: string, name: string): Promise<void> {
    const shown = this.page.getByRole(role as 'article', { name });
    await shown.evaluate((element) => {
      const { MutationObserver } = globalThis as unknown as PageGlobals;
      const texts = [element.innerText];
      (globalThis as unknown as PageGlobals).remembered = texts;
      new MutationObserver(() => void texts.push(element.innerText)).observe(element, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
  }

  async remembered(): Promise<string[]> {
    return await this.page.evaluate<string[]>('window.remembered');
  }

  /** What the browser is right to complain of, when a test takes something away. */
  forgive(about: RegExp): void {
    const left = this.complaints.filter((complaint) => !about.test(complaint));
    this.complaints.splice(0, this.complaints.length, ...left);
  }

  card(name: string) {
    return this.page.getByRole('list', { name: 'Available plugins' }).getByRole('article', { name });
  }

  row(name: string) {
    return this.page.getByRole('list', { name: 'Installed' }).getByRole('article', { name });
  }

  /** What axe-core finds wrong on the screen as it is, a line each. */
  async violations(): Promise<string[]> {
    // Evaluated through the browser's own tools, so that the page's policy need not allow it.
    if (!(await this.page.evaluate('"axe" in window'))) await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<AxeResults>(
      'axe.run(document, { resultTypes: ["violations"] })',
    );
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary ?? ''}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ownsContext) await this.#context.close();
    else await this.page.close();
    expect(this.complaints).toEqual([]);
  }
}

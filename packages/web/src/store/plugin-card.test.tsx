// @vitest-environment happy-dom
import { cleanup, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf, installedOf, openPage, shellOf, snapshotOf, viewOf } from '../page-fixtures.js';

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** What is on the screen, without what is only read out. */
const seen = { ignore: '.sr' };

const card = async (name = 'Whiteboard') => within(await screen.findByRole('article', { name }));
const downloading = (received: number, change = {}) =>
  viewOf({
    snapshot: snapshotOf({
      state: 'downloading',
      actions: ['cancel'],
      download: { received, total: 31_000_000, ...change },
    }),
  });

describe('a card', () => {
  it('offers what can be had, and asks for it by its store and id', async () => {
    const { wishes } = await openPage({
      catalog: [viewOf()],
      answers: { 'POST /page/plugins/samples/Whiteboard/install': () => downloading(0) },
    });
    const { getByRole, findByRole, getByText } = await card();
    expect(getByText('31.0 MB')).toBeTruthy();
    expect(getByText('Linux, Windows')).toBeTruthy();
    fireEvent.click(getByRole('button', { name: 'Install Whiteboard' }));
    await findByRole('button', { name: 'Cancel download of Whiteboard' });
    expect(wishes()).toEqual([
      { path: '/page/plugins/samples/Whiteboard/install', method: 'POST', body: {}, query: undefined },
    ]);
  });

  it.each([
    [
      'follows the bytes',
      downloading(12_400_000),
      'Downloading',
      /^12\.4 of 31\.0.MB$/,
      'Cancel download of Whiteboard',
    ],
    [
      'waits for the network, keeps what came, and can still be canceled',
      viewOf({
        snapshot: snapshotOf({
          state: 'waiting',
          actions: ['cancel'],
          download: {
            received: 3_100_000,
            total: 31_000_000,
            broken: {
              code: 'HOST_UNREACHABLE',
              network: 'DISCONNECTED',
              attempt: 2,
              delayMs: 1000,
              isOffline: true,
            },
          },
        }),
      }),
      'Waiting for the network',
      /^3\.1 of 31\.0.MB kept$/,
      'Cancel download of Whiteboard',
    ],
    [
      'tells of files while it verifies, and offers no cancel',
      viewOf({
        snapshot: snapshotOf({ state: 'installing', actions: [], verification: { done: 214, of: 1000 } }),
      }),
      'Verifying',
      '214 of 1,000 files',
      'Verifying: Whiteboard',
    ],
    [
      'of a plugin that is installed from elsewhere says so and offers nothing',
      viewOf({ snapshot: snapshotOf({ actions: [] }), installedFrom: 'other' }),
      'Installed from elsewhere',
      'from other',
      undefined,
    ],
  ])('%s', async (_what, view, state, detail, button) => {
    await openPage({ catalog: [view] });
    const { getByText, queryAllByRole } = await card();
    expect(getByText(state)).toBeTruthy();
    expect(
      getByText((text) => (typeof detail === 'string' ? text === detail : detail.test(text))),
    ).toBeTruthy();
    expect(queryAllByRole('button').map((each) => each.getAttribute('aria-label'))).toEqual(
      button ? [button] : [],
    );
  });

  it('of a refused plugin tells the reason instead of the description, then the code', async () => {
    await openPage({
      catalog: [
        viewOf({
          seal: 'changed',
          snapshot: snapshotOf({ state: 'failed', actions: ['retry'], failure: failureOf() }),
        }),
      ],
    });
    const { getByText, queryByText, getByRole } = await card();
    expect(getByText(/One of its files is not the one its publisher signed\./, seen)).toBeTruthy();
    expect(queryByText('A shared sheet to draw on.')).toBeNull();
    expect(getByText('SIGNATURE_INVALID')).toBeTruthy();
    expect(getByRole('status').textContent).toBe(
      'Not installed. One of its files is not the one its publisher signed. SIGNATURE_INVALID',
    );
    expect(getByRole('button', { name: 'Try again: Whiteboard' })).toBeTruthy();
  });

  it('shows a reason it was not told of in the daemon’s own words', async () => {
    const failure = failureOf({ code: 'MOON_IN_THE_WAY', message: 'The moon stands in the way.' });
    await openPage({
      catalog: [viewOf({ snapshot: snapshotOf({ state: 'failed', actions: ['retry'], failure }) })],
    });
    const { getByText } = await card();
    expect(getByText(/The moon stands in the way\./, seen)).toBeTruthy();
    expect(getByText('MOON_IN_THE_WAY')).toBeTruthy();
  });

  it('shows a hostile description as text', async () => {
    await openPage({
      catalog: [viewOf({ description: '<img src=x onerror=alert(1)> **Bold** [x](javascript:alert(1))' })],
    });
    await card();
    expect(screen.getByText('Bold x')).toBeTruthy();
  });
});

describe('from button to seal', () => {
  it('is one element that keeps the focus, says each state once, and takes the focus along when it leaves', async () => {
    const { tell } = await openPage({ catalog: [viewOf()] });
    const { getByRole } = await card();
    const button = getByRole('button', { name: 'Install Whiteboard' });
    const said: string[] = [];
    const status = getByRole('status');
    const note = (): void => {
      if (said.at(-1) !== status.textContent) said.push(status.textContent ?? '');
    };
    button.focus();
    note();
    for (let received = 0; received <= 31_000_000; received += 310_000) {
      await tell({ type: 'plugin', plugin: downloading(received) });
      note();
    }
    expect(getByRole('button', { name: 'Cancel download of Whiteboard' })).toBe(button);
    const verifying = (done: number) =>
      viewOf({ snapshot: snapshotOf({ state: 'installing', actions: [], verification: { done, of: 8 } }) });
    for (let done = 0; done <= 8; done += 1) {
      await tell({ type: 'plugin', plugin: verifying(done) });
      note();
    }
    expect(document.activeElement).toBe(button);
    const installed = viewOf({
      seal: 'verified',
      snapshot: snapshotOf({ state: 'installed', actions: ['uninstall'], installed: { version: '2.0.1' } }),
      installed: installedOf(),
    });
    await tell({ type: 'plugin', plugin: installed });
    note();
    expect(document.activeElement).toBe(button);
    expect(button.getAttribute('aria-label')).toBe('Installed: Whiteboard');
    // At most every quarter: a hundred steps of progress are not a hundred announcements.
    expect(said.filter((text) => text.startsWith('Downloading')).length).toBeLessThanOrEqual(6);
    expect(said.filter((text) => text.startsWith('Verifying')).length).toBeLessThanOrEqual(6);
    expect(said.at(-1)).toBe('Installed. 8 of 8 files verified');
    await vi.advanceTimersByTimeAsync(3_200);
    const row = await screen.findByRole('link', { name: 'Whiteboard' });
    expect(document.activeElement).toBe(row);
    expect(screen.queryByRole('button', { name: /Install/ })).toBeNull();
  });

  it('a refusal of the wish itself is said at once, and the button stays', async () => {
    await openPage({ state: { shell: shellOf(), plugins: [] }, catalog: [viewOf()] });
    const { getByRole } = await card();
    fireEvent.click(getByRole('button', { name: 'Install Whiteboard' }));
    expect((await screen.findByRole('alert')).textContent).toContain('Whiteboard: Nobody answers');
    expect(getByRole('button', { name: 'Install Whiteboard' })).toBeTruthy();
  });
});

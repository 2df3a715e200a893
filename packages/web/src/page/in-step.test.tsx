// @vitest-environment happy-dom
import type { PageState, PluginView } from '@jami-plugin-store/contract';
import { act, cleanup, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { installedOf, openPage, shellOf, snapshotOf, viewOf } from '../page-fixtures.js';

afterEach(cleanup);

/** An answer that is on its way until the test lets it arrive. */
function onItsWay<Answer>() {
  let arrive: (answer: Answer) => void = () => undefined;
  const answer = new Promise<Answer>((resolve) => {
    arrive = resolve;
  });
  return { answer, arrive: (value: Answer) => act(async () => arrive(value)) };
}

const installable = viewOf();
const downloading = viewOf({ snapshot: snapshotOf({ state: 'downloading', actions: ['cancel'] }) });
const installed = viewOf({
  snapshot: snapshotOf({ state: 'installed', actions: ['uninstall'], installed: { version: '2.0.1' } }),
  seal: 'verified',
  installed: installedOf(),
});
/** The wish is on its way: nothing can be told of it before. */
const sent = (page: { wishes: () => unknown[] }) =>
  vi.waitFor(() => expect(page.wishes()).toHaveLength(1), 10_000);
const rows = () => within(screen.getByRole('list', { name: 'Installed' })).getAllByRole('article').length;

it('what is told while the state is on its way wins over the older state', async () => {
  const second = onItsWay<PageState>();
  const answers = [Promise.resolve({ shell: shellOf(), plugins: [downloading] }), second.answer];
  const page = await openPage({ answers: { 'GET /page/state': () => answers.shift() } });
  await screen.findByText(/^Nothing is installed yet\./);
  await page.tell({ type: 'hello' });
  await page.tell({ type: 'plugin', plugin: installed });
  await page.tell({ type: 'shell', shell: shellOf({ autoUpdate: true }) });
  await second.arrive({ shell: shellOf(), plugins: [downloading] });
  expect(rows()).toBe(1);
  expect(screen.getByRole('switch', { name: 'Update automatically' })).toHaveProperty('checked', true);
});

it('what is told while a wish is answered wins over the older answer', async () => {
  const answer = onItsWay<PluginView>();
  const page = await openPage({
    catalog: [installable],
    answers: { 'POST /page/plugins/samples/Whiteboard/install': () => answer.answer },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'Install Whiteboard' }));
  await sent(page);
  await page.tell({ type: 'plugin', plugin: downloading });
  await page.tell({ type: 'plugin', plugin: installed });
  await answer.arrive(downloading);
  expect(rows()).toBe(1);
  expect(screen.queryByRole('button', { name: /^Cancel/ })).toBeNull();
});

it('a plugin that went away while it was asked to does not come back with the answer', async () => {
  const answer = onItsWay<PluginView>();
  const page = await openPage({
    state: { shell: shellOf(), plugins: [{ ...installed, actions: ['check'] }] },
    answers: { 'POST /page/plugins/samples/Whiteboard/uninstall': () => answer.answer },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'More for Whiteboard' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: 'Uninstall' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Uninstall' }));
  await sent(page);
  await page.tell({ type: 'gone', store: 'samples', id: 'Whiteboard' });
  await answer.arrive({ ...installed, snapshot: snapshotOf({ state: 'uninstalling', actions: [] }) });
  expect(screen.queryByRole('list', { name: 'Installed' })).toBeNull();
});

it('a store’s list that was on its way shows what was told since', async () => {
  const second = onItsWay<unknown>();
  const first = { plugins: [installable], categories: [], total: 1 };
  const answers = [Promise.resolve(first), second.answer];
  const page = await openPage({ answers: { 'GET /page/catalog': () => answers.shift() } });
  await screen.findByRole('button', { name: 'Install Whiteboard' });
  await page.tell({ type: 'catalog', store: 'samples' });
  await page.tell({ type: 'plugin', plugin: installable });
  await second.arrive({ ...first, plugins: [downloading] });
  expect(screen.getByRole('button', { name: 'Install Whiteboard' })).toBeTruthy();
});

it('texts of a plugin that was once told of are those of the newest list', async () => {
  const french = { ...installable, description: 'Une feuille pour dessiner.' };
  let list = [installable];
  const page = await openPage({
    answers: { 'GET /page/catalog': () => ({ plugins: list, categories: [], total: 1 }) },
  });
  await screen.findByText('A shared sheet to draw on.');
  await page.tell({ type: 'plugin', plugin: downloading });
  await page.tell({ type: 'plugin', plugin: installable });
  list = [french];
  await page.tell({ type: 'catalog', store: 'samples' });
  expect(await screen.findByText('Une feuille pour dessiner.')).toBeTruthy();
});

it('in another language every text of a plugin is asked for anew', async () => {
  let list = [installable];
  const page = await openPage({
    answers: { 'GET /page/catalog': () => ({ plugins: list, categories: [], total: 1 }) },
  });
  await screen.findByText('A shared sheet to draw on.');
  list = [{ ...installable, description: 'Une feuille pour dessiner.' }];
  page.answer({ shell: shellOf({ language: 'fr' }), plugins: [] });
  await page.tell({ type: 'shell', shell: shellOf({ language: 'fr' }) });
  expect(await screen.findByText('Une feuille pour dessiner.')).toBeTruthy();
});

it('an answer that was on its way before the page was heard of is asked for anew', async () => {
  const first = onItsWay<PageState>();
  const answers = [first.answer, Promise.resolve({ shell: shellOf(), plugins: [installed] })];
  const page = await openPage({ answers: { 'GET /page/state': () => answers.shift() } });
  await page.tell({ type: 'hello' });
  await first.arrive({ shell: shellOf(), plugins: [] });
  await screen.findByRole('list', { name: 'Installed' });
  expect(rows()).toBe(1);
});

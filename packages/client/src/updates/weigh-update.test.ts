import { expect, test } from 'vitest';
import { weighUpdate } from './weigh-update.js';

const now = new Date('2026-06-10T00:00:00Z');
const free = { pinned: false, skippedVersion: null, holdDays: 0 };
const found = { version: '1.10.0', publishedAt: '2026-06-08T00:00:00Z' };

test.each([
  ['nothing', found, free, undefined],
  ['a pin', found, { ...free, pinned: true }, { version: '1.10.0', reason: 'pinned' }],
  ['a skipped version', found, { ...free, skippedVersion: '1.10' }, { version: '1.10.0', reason: 'skipped' }],
  ['another skipped version', found, { ...free, skippedVersion: '1.9.0' }, undefined],
  [
    'days that are not over',
    found,
    { ...free, holdDays: 3 },
    { version: '1.10.0', reason: 'too-new', until: '2026-06-11T00:00:00.000Z' },
  ],
  ['days that are over', found, { ...free, holdDays: 2 }, undefined],
  [
    'days, of a release nobody dates',
    { version: '2' },
    { ...free, holdDays: 1 },
    { version: '2', reason: 'too-new' },
  ],
  [
    'a publisher who is somebody else',
    { ...found, failedWith: 'PUBLISHER_CHANGED' },
    free,
    { version: '1.10.0', reason: 'other-publisher', code: 'PUBLISHER_CHANGED' },
  ],
  ['a failure that may pass', { ...found, failedWith: 'OCSP_UNREACHABLE' }, free, undefined],
])('%s keeps an update back as it should', (_, update, policy, held) => {
  expect(weighUpdate(update, policy, now)).toEqual(held);
});

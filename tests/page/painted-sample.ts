import type { SampleRelease } from './sample-publisher.js';

/** GreenScreen with one preference of each of Jami's eight types, and one for each account. */
export const paintedSample: Pick<SampleRelease, 'preferences' | 'accountPreferences'> = {
  preferences: [
    {
      type: 'Switch',
      key: 'sharp',
      title: 'Sharp',
      summary: 'Leaves the person unpainted.',
      defaultValue: 'true',
    },
    {
      type: 'CheckBox',
      key: 'grain',
      title: 'Grain',
      summary: 'Shows the texture of the paper.',
      defaultValue: 'false',
    },
    {
      type: 'DropDown',
      key: 'paper',
      title: 'Paper',
      entries: ['Cold pressed', 'Hot pressed', 'Rice'],
      entryValues: ['smooth', 'rough', 'rice'],
      defaultValue: 'smooth',
    },
    {
      type: 'List',
      key: 'brush',
      title: 'Brush',
      entries: ['Round', 'Flat', 'Mop'],
      entryValues: ['round', 'flat', 'mop'],
      defaultValue: 'round',
    },
    {
      type: 'SeekBar',
      key: 'wetness',
      title: 'Wetness',
      summary: 'How far the colours run.',
      min: 0,
      max: 100,
      increment: 1,
      defaultValue: '50',
    },
    {
      type: 'MultiSelectList',
      key: 'pigments',
      title: 'Pigments',
      entries: ['Rose', 'Ultramarine', 'Ochre'],
      entryValues: ['rose', 'blue', 'ochre'],
      defaultValue: 'rose',
    },
    { type: 'EditText', key: 'signature', title: 'Signature', defaultValue: '' },
    {
      type: 'Path',
      key: 'picture',
      title: 'Picture',
      mimeType: 'image/png',
      defaultValue: 'data/background.svg',
    },
  ],
  accountPreferences: [
    {
      type: 'Switch',
      key: 'calls',
      title: 'In calls',
      summary: 'Other accounts keep theirs.',
      defaultValue: 'true',
    },
  ],
};

import type { PluginPreference } from '@jami-plugin-store/contract';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../look/button.js';
import { CheckField } from '../look/check-field.js';
import { ChipSet } from '../look/chips.js';
import { Choice } from '../look/choice.js';
import { Range } from '../look/range.js';
import { Segments } from '../look/segments.js';
import { OnOff } from '../look/switch.js';
import { TextField } from '../look/text-field.js';
import { useWords } from '../texts/use-words.js';
import { boundsOf, chosenOf, isOn, joinChosen, onOffValue, optionsOf } from './preference-values.js';
import settings from './settings.module.css';

interface ControlProps {
  readonly preference: PluginPreference;
  readonly labelledBy: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
  readonly onSet: (value: string) => void;
}

/** At most this many choices are all shown side by side. */
const segmentsUpTo = 4;
const segmentLetters = 26;
const sliderRestMs = 250;

/** The control of each of Jami's eight types; a type nobody knows is a line of text. */
export function PreferenceControl(props: ControlProps) {
  const { preference, labelledBy, describedBy, onSet } = props;
  const { value, fields } = preference;
  switch (preference.type) {
    case 'Switch':
      return (
        <OnOff
          label={fields.title || preference.key}
          isOn={isOn(value)}
          onChange={(on) => onSet(onOffValue(preference, on))}
        />
      );
    case 'CheckBox':
      return (
        <CheckField
          labelledBy={labelledBy}
          describedBy={describedBy}
          isChecked={isOn(value)}
          onChange={(on) => onSet(onOffValue(preference, on))}
        />
      );
    case 'List':
    case 'DropDown':
      return <OneOf {...props} />;
    case 'MultiSelectList':
      return <SomeOf {...props} />;
    case 'SeekBar':
      return <Slider {...props} />;
    default:
      return <Line {...props} />;
  }
}

function OneOf({ preference, labelledBy, describedBy, onSet }: ControlProps) {
  const options = optionsOf(preference);
  const { value, type, fields } = preference;
  const letters = options.reduce((sum, { label }) => sum + label.length, 0);
  const isShort = options.length <= segmentsUpTo && letters <= segmentLetters;
  if (type === 'List' && isShort && options.some((option) => option.value === value)) {
    return (
      <div className={settings.full}>
        <Segments
          face="full"
          label={fields.title || preference.key}
          value={value}
          options={options}
          onChange={onSet}
        />
      </div>
    );
  }
  // A value the plugin does not offer (any more) is shown, not lost.
  const all = options.some((option) => option.value === value)
    ? options
    : [{ value, label: value }, ...options];
  return (
    <div className={settings.full}>
      <Choice
        face="line"
        aria-labelledby={labelledBy}
        aria-describedby={describedBy}
        value={value}
        options={all}
        onChange={onSet}
      />
    </div>
  );
}

function SomeOf({ preference, labelledBy, describedBy, onSet }: ControlProps) {
  const options = optionsOf(preference);
  return (
    <ChipSet
      labelledBy={labelledBy}
      describedBy={describedBy}
      values={chosenOf(preference.value)}
      options={options}
      onChange={(chosen) => onSet(joinChosen(options, chosen))}
    />
  );
}

/** Stored when the thumb rests: a running plugin is loaded again for every value. */
function Slider({ preference, labelledBy, describedBy, isInvalid, onSet }: ControlProps) {
  const { number } = useWords();
  const { min, max, step } = boundsOf(preference);
  const stored = Number(preference.value);
  const [shown, setShown] = useState(stored);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setShown(stored), [stored]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div className={`${settings.range} ${settings.full}`}>
      <Range
        share={(shown - min) / Math.max(max - min, Number.EPSILON)}
        min={min}
        max={max}
        step={step}
        value={shown}
        aria-labelledby={labelledBy}
        aria-describedby={describedBy}
        aria-invalid={isInvalid}
        onChange={(event) => {
          const value = event.currentTarget.value;
          setShown(Number(value));
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onSet(value), sliderRestMs);
        }}
      />
      <output>{number(shown)}</output>
    </div>
  );
}

/** Text, or the path of a file: stored when the field is left, with Enter, or with the button. */
function Line({ preference, labelledBy, describedBy, isInvalid, onSet }: ControlProps) {
  const { t } = useWords();
  const [text, setText] = useState(preference.value);
  useEffect(() => setText(preference.value), [preference.value]);
  const isPath = preference.type === 'Path';
  const isDirty = text !== preference.value;
  const store = (): void => {
    if (isDirty) onSet(text);
  };
  return (
    <form
      className={`${settings.text} ${settings.full}`}
      onSubmit={(event) => {
        event.preventDefault();
        store();
      }}
    >
      <TextField
        aria-labelledby={labelledBy}
        aria-describedby={describedBy}
        aria-invalid={isInvalid}
        dir={isPath ? 'ltr' : 'auto'}
        placeholder={isPath ? t('preferences.path') : undefined}
        title={isPath ? text : undefined}
        value={text}
        maxLength={4096}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={store}
      />
      {isDirty && <Button type="submit">{t('preferences.save')}</Button>}
    </form>
  );
}

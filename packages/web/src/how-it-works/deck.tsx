import type { InstallTrace } from '@jami-plugin-store/contract';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import { Icon } from '../look/icon.js';
import { Range } from '../look/range.js';
import { Segments } from '../look/segments.js';
import { Rich } from '../texts/rich.js';
import { useWords } from '../texts/use-words.js';
import classes from './deck.module.css';
import { isBad, labelOf, routeOf } from './trace-words.js';
import { type Playback, type Speed, speeds } from './use-playback.js';

const speedLabels: Readonly<Record<Speed, string>> = { '0.1': '1/10×', '0.25': '1/4×', '1': '1×' };

/** Play, pause, step, speed, and the place in the recording. */
export function Deck({ trace, playback }: { trace: InstallTrace; playback: Playback }) {
  const words = useWords();
  const { t, number } = words;
  const { messages } = trace;
  const { index, isPlaying, speed, choose, toggle, restart, setSpeed } = playback;
  const last = Math.max(0, messages.length - 1);
  const message = messages[index];
  const ms = (value: number): string => t('how.ms', { number: number(Math.round(value)) });
  return (
    <div className={classes.deck}>
      <div className={classes.scrub}>
        <Range
          aria-label={t('how.scrubber')}
          aria-valuetext={message && `${routeOf(message, t)}: ${labelOf(message, words)}`}
          share={last === 0 ? 1 : index / last}
          min={0}
          max={last}
          step={1}
          value={index}
          onChange={(event) => choose(Number(event.currentTarget.value))}
        />
        <span className={classes.ticks} aria-hidden="true">
          {messages.map((each, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a tick is its place
            <i key={place} className={classNames(isBad(each) && classes.bad)} />
          ))}
        </span>
      </div>
      <div className={classes.keys}>
        <p className={classNames(classes.clock, 'num')}>
          <Rich
            t={t}
            text="how.of"
            values={{ at: ms(message?.atMs ?? 0), end: ms(messages[last]?.atMs ?? 0) }}
          />
        </p>
        <div className={classes.middle}>
          <Button face="icon" aria-label={t('how.again')} title={t('how.again')} onClick={restart}>
            <Icon name="again" />
          </Button>
          <Button
            face="icon"
            aria-label={t('how.back')}
            title={t('how.back')}
            isBusy={index === 0}
            onClick={() => choose(index - 1)}
          >
            <Icon name="stepBack" />
          </Button>
          <button
            type="button"
            className={classes.play}
            aria-label={t(isPlaying ? 'how.pause' : 'how.play')}
            onClick={toggle}
          >
            <Icon name={isPlaying ? 'pause' : 'play'} size={22} />
          </button>
          <Button
            face="icon"
            aria-label={t('how.on')}
            title={t('how.on')}
            isBusy={index === last}
            onClick={() => choose(index + 1)}
          >
            <Icon name="stepOn" />
          </Button>
        </div>
        <div className={classes.speed}>
          <Segments
            label={t('how.speed')}
            value={speed}
            options={speeds.map((value) => ({ value, label: speedLabels[value] }))}
            onChange={setSpeed}
          />
        </div>
      </div>
    </div>
  );
}

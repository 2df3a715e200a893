import type { InstallTrace, TraceList } from '@jami-plugin-store/contract';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Choice } from '../look/choice.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { WatchingRing } from '../look/ring.js';
import { Segments } from '../look/segments.js';
import { useLivePlugins, useMachine, useTrace, useTraces } from '../page/page-queries.js';
import { useNow } from '../texts/use-now.js';
import { useWords } from '../texts/use-words.js';
import { Deck } from './deck.js';
import classes from './how-screen.module.css';
import { Inspector } from './inspector.js';
import { Lifelines } from './lifelines.js';
import { MachineDrawing } from './machine-drawing.js';
import { stateName } from './machine-words.js';
import { RunHere } from './run-here.js';
import { readRecording, type Scenario, scenarioOf, scenarioOfTrace, scenarios } from './scenarios.js';
import { filesAt, statesUpTo } from './trace-states.js';
import { usePlayback } from './use-playback.js';

/** What is looked at: an install of this machine, or one that was recorded beforehand. */
type Source = { readonly job: string } | { readonly recorded: Scenario };

/** One install, message by message, and the machine beside it. */
export default function HowScreen({ job }: { job: string | undefined }) {
  const { t } = useWords();
  const traces = useTraces().data?.traces ?? [];
  const [chosen, setChosen] = useState<Source | undefined>(job === undefined ? undefined : { job });
  const source = chosen ?? sourceOf('normal', traces);
  const local = useTrace('job' in source ? source.job : undefined);
  const recording = useQuery({
    queryKey: ['recording', 'recorded' in source ? source.recorded : ''],
    queryFn: () => readRecording('recorded' in source ? source.recorded : 'normal'),
    enabled: 'recorded' in source,
  });
  const trace = 'job' in source ? local.data : recording.data;
  const scenario = 'recorded' in source ? source.recorded : trace && scenarioOfTrace(trace);
  return (
    <>
      <div className={classes.lead}>
        <div>
          <h1>{t('how.title')}</h1>
          <p>{t('how.lead')}</p>
        </div>
        <RunHere scenario={scenario ?? 'normal'} onRun={(started) => setChosen({ job: started })} />
      </div>
      <div className={classes.bar}>
        <Segments<Scenario | ''>
          face="large"
          label={t('how.scenario')}
          value={scenario ?? ''}
          options={scenarios.map((value) => ({ value, label: t(`how.${value}`) }))}
          onChange={(value) => {
            if (value !== '') setChosen(sourceOf(value, traces));
          }}
        />
        <SourceLine source={source} trace={trace} />
        <RecordingChoice
          source={source}
          traces={traces}
          scenario={scenario ?? 'normal'}
          onChoose={setChosen}
        />
      </div>
      {trace === undefined ? (
        <p className={classes.loading} role="status">
          {local.isError && 'job' in source ? t('failures:sentences.TRACE_NOT_FOUND') : <WatchingRing />}{' '}
          {!local.isError && t('how.loading')}
        </p>
      ) : (
        <Theatre key={trace.job} trace={trace} isLive={'job' in source && trace.endedAt === undefined} />
      )}
    </>
  );
}

/** The newest install of this machine that shows a scenario, else the recorded one. */
function sourceOf(scenario: Scenario, traces: TraceList['traces']): Source {
  const own = traces.find((row) => scenarioOf(row) === scenario);
  return own === undefined ? { recorded: scenario } : { job: own.job };
}

/** Where what is shown comes from; a recording is never shown as if it had happened here. */
function SourceLine({ source, trace }: { source: Source; trace: InstallTrace | undefined }) {
  const { t, ago } = useWords();
  useNow();
  const isLive = 'job' in source && trace !== undefined && trace.endedAt === undefined;
  return (
    <p className={classes.source} role="status">
      <span className={classNames(classes.dot, 'job' in source && classes.here)} aria-hidden="true" />
      {'recorded' in source
        ? t('how.elsewhere')
        : isLive
          ? t('how.live')
          : trace !== undefined && t('how.here', { when: ago(trace.startedAt) })}
    </p>
  );
}

const recordedValue = '';

function RecordingChoice({
  source,
  traces,
  scenario,
  onChoose,
}: {
  source: Source;
  traces: TraceList['traces'];
  scenario: Scenario;
  onChoose: (source: Source) => void;
}) {
  const { t, ago } = useWords();
  const plugins = useLivePlugins();
  if (traces.length === 0) return null;
  const nameOf = (id: string | null): string =>
    plugins.find(({ snapshot }) => snapshot.id === id)?.name ?? id ?? t('activity.anonymous');
  return (
    <Choice
      aria-label={t('how.choose')}
      value={'job' in source ? source.job : recordedValue}
      options={[
        ...traces.map(({ job, plugin, startedAt }) => ({
          value: job,
          label: t('how.choiceHere', { plugin: nameOf(plugin), when: ago(startedAt) }),
        })),
        { value: recordedValue, label: t('how.choiceRecorded') },
      ]}
      onChange={(job) => onChoose(job === recordedValue ? { recorded: scenario } : { job })}
    />
  );
}

function Theatre({ trace, isLive }: { trace: InstallTrace; isLive: boolean }) {
  const { t } = useWords();
  const playback = usePlayback(trace, isLive);
  const machine = useMachine();
  const name = trace.plugin ?? t('activity.anonymous');
  return (
    <>
      <div className={classes.theatre}>
        <section className={classNames(panel.panel, classes.stage)} aria-label={t('how.messages', { name })}>
          <div className={classes.scene}>
            <Lifelines trace={trace} playback={playback} name={name} />
          </div>
          <Deck trace={trace} playback={playback} />
        </section>
        <Inspector trace={trace} playback={playback} />
      </div>
      <section className={classes.machine} aria-labelledby="machine">
        <div className={classes.machineHead}>
          <h2 id="machine">{t('how.machine.title')}</h2>
          <NowLine trace={trace} index={playback.index} />
          <p className={classes.drawn}>{t('how.machine.drawn')}</p>
        </div>
        {machine.data !== undefined && (
          <MachineDrawing machine={machine.data} visited={statesUpTo(trace, playback.index)} />
        )}
        {machine.isError && <p className={classes.loading}>{t('how.machine.unavailable')}</p>}
      </section>
    </>
  );
}

/** The active state in words. */
function NowLine({ trace, index }: { trace: InstallTrace; index: number }) {
  const { t, number } = useWords();
  const state = statesUpTo(trace, index).at(-1) ?? 'installable';
  const files = state === 'installing' ? filesAt(trace, index) : undefined;
  return (
    <p className={classNames(classes.now, classes[state])} role="status">
      {files === undefined
        ? stateName(state, t)
        : t('how.machine.verifying', { count: files.of, done: number(files.done), of: number(files.of) })}
    </p>
  );
}

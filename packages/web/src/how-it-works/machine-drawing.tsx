import type { MachineView, PluginState } from '@jami-plugin-store/contract';
import { useId, useMemo, useState } from 'react';
import { Button } from '../look/button.js';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { useWords } from '../texts/use-words.js';
import classes from './machine-drawing.module.css';
import { layOut } from './machine-layout.js';
import { type Layout, nodeSize, roundedPath } from './machine-shapes.js';
import { allWays, mainWays, type Way } from './machine-ways.js';
import { eventName, stateName } from './machine-words.js';

/** The plugin's machine, drawn from its definition: where it stands is lit, where it went is tinted. */
export function MachineDrawing({
  machine,
  visited,
}: {
  machine: MachineView;
  visited: readonly PluginState[];
}) {
  const { t, number } = useWords();
  const [isWhole, setWhole] = useState(false);
  const ways = useMemo(() => (isWhole ? allWays(machine) : mainWays(machine)), [machine, isWhole]);
  const layout = useMemo(() => {
    const initial = machine.states.find(({ isInitial }) => isInitial)?.name ?? machine.states[0]?.name ?? '';
    const names = machine.states.map(({ name }) => name);
    return layOut(names, initial, ways, (way) => (isWhole ? '' : wayLabel(way, t)));
  }, [machine, ways, isWhole, t]);
  const counts = {
    states: number(machine.states.length),
    transitions: number(machine.transitions.length),
  };
  return (
    <>
      <div className={classNames(panel.panel, classes.box)}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
        <section className={classes.scroll} tabIndex={0} aria-label={t('how.machine.picture', counts)}>
          <Picture
            layout={layout}
            visited={visited}
            isWhole={isWhole}
            label={t('how.machine.picture', counts)}
          />
        </section>
      </div>
      <div className={classes.below}>
        <details>
          <summary>{t('how.machine.text', counts)}</summary>
          <ul>
            {machine.transitions.map(({ from, to, event }) => (
              <li key={`${from} ${to} ${event}`}>
                {t('how.machine.transition', {
                  from: stateName(from, t),
                  to: stateName(to, t),
                  event: eventName(event, to, t),
                })}
              </li>
            ))}
          </ul>
        </details>
        <Button face="plain" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>
          {t(isWhole ? 'how.machine.showMain' : 'how.machine.showAll', counts)}
        </Button>
      </div>
    </>
  );
}

function wayLabel({ events, to }: Way, t: ReturnType<typeof useWords>['t']): string {
  return [...new Set(events.map((event) => eventName(event, to, t)))].join(', ');
}

function Picture({
  layout,
  visited,
  isWhole,
  label,
}: {
  layout: Layout;
  visited: readonly PluginState[];
  isWhole: boolean;
  label: string;
}) {
  const { t } = useWords();
  const marker = useId();
  const now: string | undefined = visited.at(-1);
  const kindOf = (way: Way): 'line' | 'next' | 'went' => {
    if (visited.some((state, index) => state === way.from && visited[index + 1] === way.to)) return 'went';
    return way.from === now ? 'next' : 'line';
  };
  // What was gone and what may be gone next lie on top of what is neither.
  const ranks = { line: 0, next: 1, went: 2 };
  const lines = [...layout.lines].sort((a, b) => ranks[kindOf(a.way)] - ranks[kindOf(b.way)]);
  return (
    <svg
      className={classes.picture}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      role="img"
      aria-label={label}
    >
      <defs>
        {(['line', 'went', 'next'] as const).map((kind) => (
          <marker
            key={kind}
            id={`${marker}${kind}`}
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path className={classes[`${kind}Tip`]} d="M0 1 9 5 0 9Z" />
          </marker>
        ))}
      </defs>
      {lines.map(({ way, points }) => {
        const kind = kindOf(way);
        const path = roundedPath(points);
        return (
          <g key={`${way.from} ${way.to}`} className={classes[kind]}>
            <path className={classes.halo} d={path} />
            <path className={classes.path} d={path} markerEnd={`url(#${marker}${kind})`} />
          </g>
        );
      })}
      {lines
        .filter(({ way }) => !isWhole || kindOf(way) !== 'line')
        .map(({ way, label: place }) => (
          <g key={`${way.from} ${way.to}`} className={classes[kindOf(way)]}>
            <text x={place.x} y={place.y} textAnchor={place.anchor}>
              {wayLabel(way, t)}
            </text>
          </g>
        ))}
      {layout.nodes.map(({ state, x, y }) => {
        const isNow = state === now;
        const wasThere = visited.some((name) => name === state);
        return (
          <g
            key={state}
            className={classNames(
              classes.node,
              wasThere && classes.been,
              isNow && classes.now,
              isNow && state === 'failed' && classes.bad,
              isNow && state === 'installed' && classes.good,
              isNow && state === 'waiting' && classes.wait,
            )}
          >
            {isNow && (
              <rect
                className={classes.glow}
                x={x - 4}
                y={y - 4}
                width={nodeSize.width + 8}
                height={nodeSize.height + 8}
                rx={nodeSize.height / 2 + 4}
              />
            )}
            <rect x={x} y={y} width={nodeSize.width} height={nodeSize.height} rx={nodeSize.height / 2} />
            <text x={x + nodeSize.width / 2} y={y + nodeSize.height / 2 + 5} textAnchor="middle">
              {stateName(state, t)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

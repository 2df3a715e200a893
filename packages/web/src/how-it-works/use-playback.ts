import type { InstallTrace } from '@jami-plugin-store/contract';
import { useCallback, useEffect, useRef, useState } from 'react';

export const speeds = ['0.1', '0.25', '1'] as const;
export type Speed = (typeof speeds)[number];

/** Between two messages at least this long, or nobody would see the first; and at most that long. */
const shortestMs = 90;
const longestMs = 2_500;

export interface Playback {
  readonly index: number;
  readonly isPlaying: boolean;
  readonly speed: Speed;
  readonly choose: (index: number) => void;
  readonly toggle: () => void;
  readonly restart: () => void;
  readonly setSpeed: (speed: Speed) => void;
}

/** Goes through the messages of a trace in its own time, slowed down; while one runs live, the last message is the place. */
export function usePlayback(trace: InstallTrace | undefined, isLive: boolean): Playback {
  const [index, setIndex] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>('0.1');
  const messages = trace?.messages ?? [];
  const last = messages.length - 1;
  const job = trace?.job;
  const shown = useRef(job);

  useEffect(() => {
    if (shown.current === job) return;
    shown.current = job;
    setIndex(0);
    setPlaying(false);
  }, [job]);
  useEffect(() => {
    if (isLive) setIndex(Math.max(0, last));
  }, [isLive, last]);
  const from = messages[index]?.atMs;
  const to = messages[index + 1]?.atMs;
  useEffect(() => {
    if (!isPlaying) return;
    if (from === undefined || to === undefined) {
      setPlaying(false);
      return;
    }
    const waitMs = Math.min(longestMs, Math.max(shortestMs, (to - from) / Number(speed)));
    const timer = setTimeout(() => setIndex((known) => known + 1), waitMs);
    return () => clearTimeout(timer);
  }, [isPlaying, from, to, speed]);

  const choose = useCallback(
    (wanted: number) => {
      setPlaying(false);
      setIndex(Math.min(Math.max(0, last), Math.max(0, wanted)));
    },
    [last],
  );
  const toggle = useCallback(() => {
    setPlaying((playing) => {
      if (!playing && index >= last) setIndex(0);
      return !playing;
    });
  }, [index, last]);
  const restart = useCallback(() => {
    setIndex(0);
    setPlaying(true);
  }, []);
  return { index: Math.min(index, Math.max(0, last)), isPlaying, speed, choose, toggle, restart, setSpeed };
}

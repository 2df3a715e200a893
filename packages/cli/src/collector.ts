import { setFlagsFromString } from 'node:v8';

/**
 * Keeps a process that judges packages small; to be called before much is loaded. A large library passes by in buffers outside the
 * JavaScript heap. V8 frees them when it collects the young generation, which it lets grow until that happens rarely, and answers the
 * pressure by marking the whole heap again and again. A young generation that stays small and marking in one go
 * take a third of the processor time and of the memory away (docs/decisions/0006-memory-and-the-collector.md).
 * Both settings are as old as Node 0.12; a V8 that has dropped one says so on stderr and goes on.
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-incremental-marking');
}

/**
 * Keeps a server as quick after a rest as before it. After eight seconds without much to do V8 tidies its memory, and forgets with it how its
 * code is used; where the next requests come in a crowd, what it then learns anew is a fifth slower, for as long as the process lives
 * (docs/decisions/0009-a-server-that-has-rested.md). Garbage of a quiet time waits for the next busy one instead.
 */
export function keepCodeKnown(): void {
  // About the longest there is. The reducer itself can only be left out when a process starts.
  setFlagsFromString('--gc-memory-reducer-start-delay-ms=1000000000');
}

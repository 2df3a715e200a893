export { runCli } from './cli.js';
export { keepMemorySmall } from './collector.js';
export { type Io, processIo } from './io.js';

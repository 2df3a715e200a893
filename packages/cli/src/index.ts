export { runCli } from './cli.js';
export { type Io, processIo } from './io.js';

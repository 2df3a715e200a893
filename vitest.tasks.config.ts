import { mergeConfig } from 'vitest/config';
import tests from './vitest.config.js';

/** Work that needs the world of the page's tests and is no test: pictures, recordings, measurements (`scripts/page-task.mjs`). */
const tasks = mergeConfig(tests, {});
tasks.test = { ...tasks.test, include: ['tests/page/*.task.ts'], maxWorkers: 1, testTimeout: 600_000 };
export default tasks;

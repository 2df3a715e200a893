#!/usr/bin/env node
import { bundleMain, isFresh } from './fresh.js';

const main = isFresh() ? bundleMain.href : new URL('../dist/main.js', import.meta.url).href;

import(main).catch((error) => {
  // A dependency that is missing is another matter, and says which.
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== main) throw error;
  process.stderr.write('jpl: the project is not built yet; run "npm run build" first\n');
  process.exitCode = 2;
});

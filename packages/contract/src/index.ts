export * from './authority-api.js';
export * from './daemon-api.js';
export * from './error-table.js';
export * from './package-error-table.js';
export * from './plugin-state.js';
export * from './problem.js';
export * from './store-api.js';
export * from './trust-error-table.js';

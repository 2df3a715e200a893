export { StoreError, type StoreErrorCode, type StoreErrorDetail } from './error.js';
export type { PublicationProblem } from './scan/publication-problem.js';
export type { LogTarget } from './serving/server.js';
export { createStore, type Store, type StoreOptions } from './store.js';

/** What benchmarks need of the store beyond its public face. */
export { openBlobs } from './blobs/open-blobs.js';
export { fillCatalog, Vocabulary } from './catalog/large-catalog-fixtures.js';
export { ChangeWatch } from './database/change-watch.js';
export { openDatabase } from './database/open-database.js';
export { postgresPrograms, startPostgres } from './database/postgres-fixtures.js';
export { readingRoutes } from './reading/reading-routes.js';
export { BlobSource } from './serving/blob-source.js';
export { createServer, serve } from './serving/server.js';
export { StoredImages } from './serving/stored-images.js';

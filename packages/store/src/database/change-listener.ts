import pg from 'pg';
import { changeChannel } from './changes.js';
import { postgresConfig } from './postgres-dialect.js';

const reconnectMs = 1_000;

/**
 * Hears PostgreSQL tell of changes, on a connection of its own; made again when it is lost. Only a hint that comes
 * early: who relies on it asks by the clock as well (`ChangeWatch`).
 */
export function listenForChanges(url: string, onTold: () => void): AsyncDisposable {
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;

  const connect = async (): Promise<void> => {
    const opened = new pg.Client({
      ...postgresConfig(url),
      statement_timeout: 0,
      application_name: 'jpl store changes',
    });
    client = opened;
    // Without a listener a broken connection would end the process; what follows it is `end`.
    opened.on('error', () => {});
    opened.on('end', again);
    opened.on('notification', onTold);
    try {
      await opened.connect();
      await opened.query(`listen ${changeChannel}`);
      // Whatever was told while nobody listened.
      onTold();
    } catch {
      // Told by whoever asks the database next; here it is only tried again.
      await opened.end().catch(() => {});
      again();
    }
  };
  const again = (): void => {
    clearTimeout(retry);
    if (!isClosed) retry = setTimeout(() => void connect(), reconnectMs).unref();
  };
  void connect();

  return {
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(retry);
      await client?.end().catch(() => {});
    },
  };
}

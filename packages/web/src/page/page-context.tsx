import type { PageEvent } from '@jami-plugin-store/contract';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import type { CallHost } from './call-host.js';
import { applyEvent, pageKeys } from './page-cache.js';
import { type Connection, type FollowOptions, followHost } from './page-events.js';

/** How the screens reach the program behind the page. */
export interface Host {
  readonly call: CallHost;
  readonly connection: Connection;
  /** Hears every event, after the cache took it in. @returns what ends it */
  readonly listen: (listener: (event: PageEvent) => void) => () => void;
}

const HostContext = createContext<Host | undefined>(undefined);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === undefined) throw new Error('Rendered outside HostProvider');
  return host;
}

/** Follows the host while it is mounted, and keeps what was read in step with what it tells. */
export function HostProvider({
  call,
  follow = followHost,
  children,
}: {
  call: CallHost;
  follow?: (options: FollowOptions) => void;
  children: ReactNode;
}) {
  const cache = useQueryClient();
  const [connection, setConnection] = useState<Connection>('connecting');
  const [listeners] = useState(() => new Set<(event: PageEvent) => void>());
  useEffect(() => {
    const closing = new AbortController();
    follow({
      signal: closing.signal,
      onConnection: (now) => {
        setConnection(now);
        // A stream that ends does not say why: the answer to a question does.
        if (now === 'lost') void cache.invalidateQueries({ queryKey: pageKeys.state });
      },
      onEvent: (event) => {
        applyEvent(cache, event);
        for (const listener of [...listeners]) listener(event);
      },
    });
    return () => closing.abort();
  }, [cache, follow, listeners]);
  const [listen] = useState(() => (listener: (event: PageEvent) => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  });
  return <HostContext value={{ call, connection, listen }}>{children}</HostContext>;
}

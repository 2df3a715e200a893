import { Agent } from 'undici';
import { type ConnectionRules, guardedConnector } from './guarded-connector.js';

/** The HTTP client: each connection serves one request and is checked when it is made. */
export function guardedAgent(rules: ConnectionRules): Agent {
  return new Agent({
    connect: guardedConnector(rules),
    pipelining: 0,
    headersTimeout: rules.timeMs,
    bodyTimeout: rules.timeMs,
  });
}

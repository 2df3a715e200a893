import type { IncomingMessage } from 'node:http';

const secretFields: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Start line and header fields of a request as they came; the value of a field that holds a secret is left out. */
export function headAsSent({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const fields = rawHeaders.flatMap((name, index) => {
    if (index % 2 !== 0) return [];
    return `${name}: ${secretFields.has(name.toLowerCase()) ? '(not shown)' : rawHeaders[index + 1]}`;
  });
  return [`${method} ${url} HTTP/${httpVersion}`, ...fields].join('\n');
}

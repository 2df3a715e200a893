import type { IncomingMessage, RequestListener } from 'node:http';
import { type AskRevocation, type RevocationFinding, TrustError } from '@jami-plugin-store/trust';
import type { WireHead } from './evidence-request.js';
import type { AskedQuestion, ExchangeEnd, WatchExchanges } from './exchange.js';
import { createFetcher } from './fetcher.js';
import type { OcspCommand, OpensslPki } from './openssl-pki-fixtures.js';
import { createRevocationChecker, type RevocationCheckerOptions } from './revocation-checker.js';

type Ask = Parameters<AskRevocation>;

/** The request in a POST's body or a GET's path (RFC 6960 appendix A). */
export async function ocspRequestOf(request: IncomingMessage): Promise<Buffer> {
  const body = Buffer.concat(await request.toArray());
  const [, encoded = ''] = request.url?.split('/') ?? [];
  return request.method === 'GET' ? Buffer.from(decodeURIComponent(encoded), 'base64') : body;
}

/** An HTTP responder whose answers are made by `openssl ocsp`. */
export function opensslResponder(pki: OpensslPki, command: OcspCommand = {}): RequestListener {
  return async (request, response) => {
    const answer = await pki.ocsp(await ocspRequestOf(request), command);
    response.setHeader('content-type', 'application/ocsp-response').end(answer);
  };
}

/** One exchange as it ended, with the heads that went over the wire. */
interface Exchange extends AskedQuestion, ExchangeEnd {
  readonly certificate: string;
  readonly status: RevocationFinding['status'] | undefined;
  readonly heads: readonly WireHead[];
}

export interface Asked {
  readonly findings: readonly RevocationFinding[];
  readonly error?: TrustError;
  readonly exchanges: readonly Exchange[];
}

/** Asks once, with a fetcher of its own. */
export async function ask(
  questions: Ask[0],
  {
    // For what hangs: answers are made by processes, on a machine that may do much else.
    timeMs = 60_000,
    at = new Date(),
    ...options
  }: Partial<RevocationCheckerOptions> & { timeMs?: number; at?: Date } = {},
): Promise<Asked> {
  await using fetch = createFetcher({ timeMs });
  const exchanges: Exchange[] = [];
  const watch: WatchExchanges = (asked) => {
    const heads: WireHead[] = [];
    return {
      onHead: (head) => heads.push(head),
      onEnd: (end) =>
        exchanges.push({
          ...asked,
          ...end,
          heads,
          certificate: asked.question.certificate.subject.text,
          status: end.finding?.status,
        }),
    };
  };
  const checker = createRevocationChecker({
    fetch,
    mode: 'fresh',
    revocation: 'required',
    watch,
    ...options,
  });
  try {
    return { findings: await checker(questions, { at }), exchanges };
  } catch (error) {
    if (error instanceof TrustError) return { findings: [], error, exchanges };
    throw error;
  }
}

/** Status or code of the answer to one question, and where it came from. */
export async function outcome(
  question: Ask[0][number],
  options: Parameters<typeof ask>[1] = {},
): Promise<string> {
  const { findings, error } = await ask([question], options);
  return error?.code ?? findings.map(({ status, source }) => `${status} by ${source}`).join();
}

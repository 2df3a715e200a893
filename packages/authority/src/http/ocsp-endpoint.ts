import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  authorityPublicPaths,
  ocspRequestMediaType,
  ocspResponseMediaType,
} from '@jami-plugin-store/contract';
import { AuthorityError } from '../error.js';
import type { OcspAnswer } from '../ocsp/ocsp-service.js';
import { maxOcspRequestBytes } from '../ocsp/request-reader.js';
import { errorResponses } from '../ocsp/response-layout.js';
import { strictBase64 } from '../pem.js';
import type { PublicFace } from '../public-face.js';
import { isNotModified } from './not-modified.js';
import { endWithProblem } from './problem.js';

export interface OcspEndpoint {
  /** Takes a request about OCSP; false: it is for somebody else. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** From now on each connection ends with its answer. */
  close(): void;
}

const { ocsp: path } = authorityPublicPaths;
const maxGetCharacters = 4 * Math.ceil(maxOcspRequestBytes / 3);
const nothing: Buffer = Buffer.alloc(0);
/** Addresses whose requests are known without decoding them. */
const maxKnownPaths = 10_000;
const maxKnownPathCharacters = 512;

/**
 * OCSP over HTTP (RFC 6960 appendix A, RFC 5019), on Node's own server: a framework would cost as much as the answer.
 * @param report  told of what goes wrong here, with its cause
 */
export function createOcspEndpoint(face: PublicFace, report: (error: unknown) => void): OcspEndpoint {
  let isClosing = false;
  const knownPaths = new Map<string, Buffer>();

  /** Every error ends here: one that escaped would end the process. A client is told so in its own language (RFC 6960 2.3). */
  const fail = (response: ServerResponse, error: unknown): void => {
    report(error);
    if (response.headersSent) response.destroy();
    else
      writeFresh(response, {
        der: errorResponses[error instanceof AuthorityError ? 'tryLater' : 'internalError'],
      });
  };
  const guarded = (response: ServerResponse, work: () => void): void => {
    try {
      work();
    } catch (error) {
      fail(response, error);
    }
  };
  const answerTo = (response: ServerResponse, der: Buffer, write: (answer: OcspAnswer) => void): void =>
    guarded(response, () => {
      const answer = face.answerOcsp(der);
      if (answer instanceof Promise) {
        answer.then(
          (ready) => guarded(response, () => write(ready)),
          (error: unknown) => fail(response, error),
        );
      } else {
        write(answer);
      }
    });

  return {
    handle(request, response) {
      const { method, url = '' } = request;
      if (!url.startsWith(path)) return false;
      if (isClosing) response.setHeader('connection', 'close');
      if (method === 'POST' && isPostPath(url)) {
        readRequest(request, (refusal, der) => {
          if (refusal !== undefined) endWithProblem(response, refusal);
          else answerTo(response, der, (answer) => writeFresh(response, answer));
        });
        return true;
      }
      if ((method !== 'GET' && method !== 'HEAD') || url[path.length] !== '/') return false;
      const der = knownPaths.get(url) ?? requestOfPath(url.slice(path.length + 1));
      answerTo(response, der, (answer) => {
        if (answer.caching !== undefined) remember(knownPaths, url, der);
        writeCacheable(request, response, answer, face.clock());
      });
      return true;
    },
    close() {
      isClosing = true;
    },
  };
}

function remember(known: Map<string, Buffer>, url: string, der: Buffer): void {
  if (url.length > maxKnownPathCharacters || known.has(url)) return;
  known.set(url, der);
  if (known.size <= maxKnownPaths) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}

function isPostPath(url: string): boolean {
  const [plain] = url.split('?', 1);
  return plain === path || plain === `${path}/`;
}

/** A body within its bounds; what is too much is not kept. */
function readRequest(
  request: IncomingMessage,
  done: (refusal: AuthorityError | undefined, der: Buffer) => void,
): void {
  if (!isOcspRequest(rawField(request, 'content-type') ?? '')) {
    request.resume();
    const wanted = `The body must be of the media type ${ocspRequestMediaType}.`;
    done(new AuthorityError('REQUEST_INVALID', wanted), nothing);
    return;
  }
  if (Number(rawField(request, 'content-length')) > maxOcspRequestBytes) {
    request.resume();
    done(tooLarge(), nothing);
    return;
  }
  let der = nothing;
  let isRefused = false;
  request.on('data', (chunk: Buffer) => {
    if (isRefused) return;
    if (der.length + chunk.length > maxOcspRequestBytes) {
      isRefused = true;
      done(tooLarge(), nothing);
    } else {
      der = der.length === 0 ? chunk : Buffer.concat([der, chunk]);
    }
  });
  request.once('end', () => {
    if (!isRefused) done(undefined, der);
  });
}

function isOcspRequest(type: string): boolean {
  return (
    type === ocspRequestMediaType || type.split(';', 1)[0]?.trim().toLowerCase() === ocspRequestMediaType
  );
}

/** The first field of this name. Node makes an object of all of them when `headers` is read: that takes as long as finding the answer. */
function rawField({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at];
    if (field?.length === name.length && field.toLowerCase() === name) return rawHeaders[at + 1];
  }
  return undefined;
}

const tooLarge = (): AuthorityError =>
  new AuthorityError('REQUEST_TOO_LARGE', `A request has at most ${maxOcspRequestBytes} bytes.`);

/** RFC 6960 A.1: base64 of the request, URL-escaped. What it is not becomes an empty, malformed request. */
function requestOfPath(text: string): Buffer {
  const [escaped = ''] = text.split('?', 1);
  if (escaped.length > maxGetCharacters) return nothing;
  try {
    const plain = escaped.includes('%') ? decodeURIComponent(escaped) : escaped;
    // Some clients leave the padding out, or use the URL-safe alphabet (RFC 4648 5).
    const standard = plain.replaceAll('-', '+').replaceAll('_', '/');
    return strictBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '=')) ?? nothing;
  } catch (error) {
    if (error instanceof URIError) return nothing;
    throw error;
  }
}

function writeFresh(response: ServerResponse, { der }: Pick<OcspAnswer, 'der'>): void {
  response.writeHead(200, [
    'content-type',
    ocspResponseMediaType,
    'cache-control',
    'no-store',
    'content-length',
    String(der.length),
  ]);
  response.end(der);
}

/** RFC 5019 6.2: what caches need to keep an answer no longer than it is fresh. */
function writeCacheable(
  request: IncomingMessage,
  response: ServerResponse,
  answer: OcspAnswer,
  now: Date,
): void {
  const { der, caching } = answer;
  if (caching === undefined) {
    writeFresh(response, answer);
    return;
  }
  const maxAge = Math.max(0, Math.floor((caching.freshUntil.getTime() - now.getTime()) / 1000));
  const headers = [
    'content-type',
    ocspResponseMediaType,
    'etag',
    caching.etag,
    'last-modified',
    caching.lastModified,
    'expires',
    caching.expires,
    'cache-control',
    `max-age=${maxAge}, public, no-transform, must-revalidate`,
  ];
  if (rawField(request, 'if-none-match') !== undefined && isNotModified(request.headers, caching.etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  headers.push('content-length', String(der.length));
  response.writeHead(200, headers);
  response.end(der);
}

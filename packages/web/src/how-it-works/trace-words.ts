import type { TraceMessage, TraceParty } from '@jami-plugin-store/contract';
import type { Figures } from '../texts/figures.js';
import type { Speak } from '../texts/use-words.js';

type Words = { readonly t: Speak } & Figures;

/** A fact by its name. */
function factOf({ facts }: TraceMessage, name: string): string | undefined {
  return facts.find((fact) => fact.name === name)?.value;
}

/** Whether a message says that something is not good. */
export function isBad({ outcome }: TraceMessage): boolean {
  return outcome === 'refused' || outcome === 'failed';
}

/** Whether it says that something is. */
export function isGood({ kind, outcome }: TraceMessage): boolean {
  const verdicts: readonly TraceMessage['kind'][] = [
    'ocsp-answer',
    'crl-answer',
    'signatures-verified',
    'verdict',
    'switched',
    'install-answer',
  ];
  return outcome === 'ok' && verdicts.includes(kind);
}

const longestPath = 18;

/** `GET /details/Whiteboard` of a request's start line. */
function requestLine({ raw }: TraceMessage): string | undefined {
  const [, method, target = ''] = /^([A-Z]+) (\S+)/.exec(raw ?? '') ?? [];
  if (method === undefined) return undefined;
  const path = target.replace(/[?#].*$/, '').replace(/^https?:\/\/[^/]+/, '');
  return `${method} ${path.length > longestPath ? `${path.slice(0, longestPath)}…` : path}`;
}

/** A few words on the arrow. */
export function labelOf(message: TraceMessage, { t, number, size }: Words): string {
  const { kind, outcome, code, done, of } = message;
  if (kind === 'install-answer') {
    const version = factOf(message, 'version');
    if (outcome !== 'ok') return t('how.labels.refused', { code: code ?? '' });
    return version === undefined ? t('how.labels.installedBare') : t('how.labels.installed', { version });
  }
  if (isBad(message)) return code ?? t(`how.kinds.${kind}.label`);
  switch (kind) {
    case 'details-request':
    case 'download-request':
    case 'crl-request':
      return requestLine(message) ?? t(`how.kinds.${kind}.label`);
    case 'details-answer':
      return t('how.labels.status', { status: factOf(message, 'status') ?? '' });
    case 'download-answer':
      return t('how.labels.bytes', { status: factOf(message, 'status') ?? '', size: size(done ?? 0) });
    case 'archive-read':
      return t('how.labels.entries', { count: done ?? 0, done: number(done ?? 0) });
    case 'path-found':
      return t('how.labels.path', { count: done ?? 0, done: number(done ?? 0) });
    case 'ocsp-answer':
    case 'crl-answer':
      return factOf(message, 'certStatus') ?? t('how.labels.ok');
    case 'signatures-verified':
      return t('how.labels.files', { done: number(done ?? 0), of: number(of ?? done ?? 0) });
    case 'verdict':
      return t('how.labels.verdictYes');
    default:
      return t(`how.kinds.${kind}.label`);
  }
}

/** What it is, in the inspector: the plain words, and why it is done. */
export function wordsOf(message: TraceMessage, { t }: Words): { title: string; say: string } {
  const { kind } = message;
  if (!isBad(message)) return { title: t(`how.kinds.${kind}.title`), say: t(`how.kinds.${kind}.say`) };
  switch (kind) {
    case 'archive-read':
    case 'path-found':
    case 'ocsp-answer':
    case 'crl-answer':
    case 'signatures-verified':
    case 'verdict':
    case 'switched':
    case 'install-answer':
    case 'details-answer':
    case 'download-answer':
      return { title: t(`how.refused.${kind}.title`), say: t(`how.refused.${kind}.say`) };
    default:
      return { title: t(`how.kinds.${kind}.title`), say: t(`how.kinds.${kind}.say`) };
  }
}

/** `Daemon to OCSP responder`; one party alone where it did something by itself. */
export function routeOf({ from, to }: TraceMessage, t: Speak): string {
  const name = (party: TraceParty): string => t(`how.parties.${party}.name`);
  return from === to ? name(from) : t('how.fromTo', { from: name(from), to: name(to) });
}

const factNames = [
  'algorithm',
  'bytes',
  'cRLNumber',
  'certStatus',
  'certificate',
  'code',
  'entries',
  'entry',
  'files',
  'from',
  'id',
  'issuer',
  'location',
  'message',
  'method',
  'nextUpdate',
  'nonce',
  'notAfter',
  'organization',
  'path',
  'producedAt',
  'publisher',
  'reason',
  'resultCode',
  'revocation',
  'revocationReason',
  'revocationTime',
  'serialNumber',
  'sha256',
  'signer',
  'status',
  'store',
  'subject',
  'thisUpdate',
  'to',
  'uncompressedBytes',
  'url',
  'version',
] as const;

/** What a fact is called; one this page has no word for keeps the name it was sent under. */
export function factName(name: string, t: Speak): string {
  const known = factNames.find((word) => word === name);
  return known === undefined ? name : t(`how.factNames.${known}`);
}

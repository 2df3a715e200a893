import type { TraceKind, TraceParty } from '@jami-plugin-store/contract';
import type { AskedQuestion, ExchangeEnd, WatchExchanges, WireHead } from '@jami-plugin-store/revocation';
import {
  listCrl,
  listOcspRequest,
  listOcspResponse,
  type RevocationFinding,
  TrustError,
} from '@jami-plugin-store/trust';
import type { Told, TraceRecorder } from './trace-recorder.js';

type Kinds = Readonly<Record<'request' | 'answer' | 'failed', TraceKind>>;

const kindsOf: Readonly<Record<AskedQuestion['kind'], Kinds>> = {
  ocsp: { request: 'ocsp-request', answer: 'ocsp-answer', failed: 'ocsp-failed' },
  crl: { request: 'crl-request', answer: 'crl-answer', failed: 'crl-failed' },
};
/** A CRL is the authority's own, whoever hands it out. */
const partyOf: Readonly<Record<AskedQuestion['kind'], TraceParty>> = { ocsp: 'responder', crl: 'authority' };

/** Tells what is asked about certificates, and what is answered, as it happens. */
export function exchangeMessages(trace: TraceRecorder): WatchExchanges {
  return (asked) => {
    const kinds = kindsOf[asked.kind];
    const party = partyOf[asked.kind];
    let received: WireHead | undefined;
    return {
      onHead: (head) => {
        if (head.direction === 'received') {
          received = head;
          return;
        }
        if (received !== undefined) trace.tell(redirectTold(received, kinds.answer, party));
        received = undefined;
        trace.tell(requestTold(head, asked, kinds.request, party));
      },
      onEnd: (end) => trace.tell(endTold(end, asked, received, party)),
    };
  };
}

function requestTold(head: WireHead, asked: AskedQuestion, kind: TraceKind, party: TraceParty): Told {
  const { question, method, request } = asked;
  return {
    kind,
    from: 'daemon',
    to: party,
    outcome: 'sent',
    facts: [
      ['method', method],
      ['url', head.url],
      ['certificate', question.certificate.subject.text],
      ['serialNumber', Buffer.from(question.certificate.serialNumber).toString('hex')],
      ['bytes', method === 'POST' ? request?.length : undefined],
    ],
    raw: request === undefined ? head.text : `${head.text}${listed(request, listOcspRequest)}`,
  };
}

function redirectTold(head: WireHead, kind: TraceKind, party: TraceParty): Told {
  const location = /^location: *(.*)$/im.exec(head.text)?.[1];
  const facts: Told['facts'] = [
    ['url', head.url],
    ['status', head.status],
    ['location', location?.trim()],
  ];
  return { kind, from: party, to: 'daemon', outcome: 'ok', facts, raw: head.text };
}

function endTold(
  end: ExchangeEnd,
  asked: AskedQuestion,
  head: WireHead | undefined,
  party: TraceParty,
): Told {
  const { kind, question } = asked;
  const kinds = kindsOf[kind];
  const { answer, finding, error } = end;
  const list = kind === 'ocsp' ? listOcspResponse : listCrl;
  const hasArrived = head !== undefined || answer !== undefined;
  const common = {
    // What never came from there was only tried.
    from: hasArrived ? party : ('daemon' as const),
    to: hasArrived ? ('daemon' as const) : party,
    raw: hasArrived ? `${head?.text ?? ''}${answer === undefined ? '' : listed(answer, list)}` : undefined,
  };
  const facts: Told['facts'] = [
    ['url', head?.url ?? error?.url ?? finding?.url],
    ['certificate', question.certificate.subject.text],
    ['status', head?.status],
    ['bytes', answer?.length],
    ...(finding === undefined ? [] : findingFacts(finding)),
    ...(error === undefined ? [] : ([['message', error.message]] as const)),
  ];
  if (finding !== undefined)
    return { ...common, kind: kinds.answer, outcome: finding.status === 'good' ? 'ok' : 'refused', facts };
  return { ...common, kind: kinds.failed, outcome: 'failed', ...(error && { code: error.code }), facts };
}

/** By the names that RFC 6960 4.2.1 and RFC 5280 5.1 give them. */
function findingFacts(finding: RevocationFinding): NonNullable<Told['facts']> {
  return [
    ['certStatus', finding.status],
    ['revocationTime', finding.revokedAt?.toISOString()],
    ['revocationReason', finding.reason],
    ['thisUpdate', finding.thisUpdate?.toISOString()],
    ['nextUpdate', finding.nextUpdate?.toISOString()],
    ['producedAt', finding.producedAt?.toISOString()],
    ['nonce', finding.nonce],
    ['cRLNumber', finding.crlNumber?.toString()],
    ['signer', finding.signer?.subject.text],
  ];
}

/** The structure by its fields; bytes that are no such structure as they are, the first of them. */
function listed(bytes: Uint8Array, list: (bytes: Uint8Array) => string): string {
  try {
    return list(bytes);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return hexDump(bytes.subarray(0, 256));
  }
}

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = Buffer.from(bytes.subarray(offset, offset + 16));
    const octets = row.toString('hex').replace(/../g, '$& ');
    lines.push(
      `${offset.toString(16).padStart(8, '0')}  ${octets.padEnd(48)} ${row.toString('latin1').replace(/[^\x20-\x7e]/g, '.')}`,
    );
  }
  return lines.join('\n');
}

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { derElement, derOid } from './der-writer.js';
import {
  basicResponse,
  byName,
  explicit,
  extension,
  octets,
  revoked,
  sequence,
  signerOf,
  time,
  wrapped,
} from './response-fixtures.js';
import { later, Scene } from './scene-fixtures.js';

let scene: Scene;
beforeAll(() => {
  scene = new Scene();
});
afterAll(() => scene[Symbol.dispose]());

const enumerated = (...content: number[]) => derElement(0x0a, Buffer.from(content));
/** An honest BasicOCSPResponse in every part that is not replaced. */
const basic = (changes: Partial<Parameters<typeof basicResponse>[0]> = {}) =>
  basicResponse({
    responderId: byName(scene.responder.certificate),
    producedAt: later(-1),
    answers: [scene.answer()],
    signWith: signerOf(scene.responder.privateKey),
    certificates: [scene.responder.certificate.der],
    ...changes,
  });

describe('the envelope', () => {
  it.each([1, 2, 3, 5, 6])('status %i is no answer, though bytes of a good one come with it', (status) => {
    expect(scene.outcome(sequence(enumerated(status)))).toBe('OCSP_NOT_SUCCESSFUL');
    expect(scene.outcome(wrapped(basic(), status))).toBe('OCSP_NOT_SUCCESSFUL');
  });

  it('says which status it was', () => {
    expect(() => scene.accept(sequence(enumerated(3)))).toThrow('tryLater');
  });

  it.each([[4], [7], [0x7f], [0x00, 0x80], [0xff], [0x00, 0x00], []])(
    'status %j does not exist',
    (...content) => {
      const bytes = explicit(0, sequence(derOid('1.3.6.1.5.5.7.48.1.1'), octets(basic())));
      expect(scene.outcome(sequence(enumerated(...content), bytes))).toBe('OCSP_MALFORMED');
    },
  );

  it('successful without an answer', () => {
    expect(scene.outcome(sequence(enumerated(0)))).toBe('OCSP_MALFORMED');
  });

  it('an answer of another type', () => {
    expect(scene.outcome(wrapped(basic(), 0, '1.3.6.1.5.5.7.48.1.2'))).toBe('OCSP_TYPE_UNSUPPORTED');
  });

  it('bytes behind, before, between, or too few', () => {
    const der = wrapped(basic());
    const wrong = [
      Buffer.concat([der, Buffer.of(0)]),
      Buffer.concat([Buffer.of(0), der]),
      der.subarray(0, -1),
      Buffer.alloc(0),
      Buffer.from('<html>not found</html>'),
      wrapped(Buffer.concat([basic(), Buffer.of(0)])),
      sequence(
        enumerated(0),
        explicit(0, sequence(derOid('1.3.6.1.5.5.7.48.1.1'), octets(basic()))),
        derElement(0x05),
      ),
      Buffer.alloc(300_000, 0x30),
    ];
    expect(wrong.map((one) => scene.outcome(one))).toEqual(new Array(wrong.length).fill('OCSP_MALFORMED'));
  });

  it('BER: indefinite and long lengths', () => {
    const der = wrapped(basic());
    const { length } = der.subarray(4);
    const long = Buffer.concat([Buffer.of(0x30, 0x83, 0, length >> 8, length & 0xff), der.subarray(4)]);
    const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.of(0, 0)]);
    expect(der.subarray(0, 2)).toEqual(Buffer.of(0x30, 0x82));
    expect(scene.outcome(long)).toBe('OCSP_MALFORMED');
    expect(scene.outcome(indefinite)).toBe('OCSP_MALFORMED');
  });
});

describe('the signed part', () => {
  const outcome = (changes: Parameters<typeof basic>[0]) => scene.outcome(wrapped(basic(changes)));

  it('is of version 1, which is never written', () => {
    expect(outcome({ version: 1 })).toBe('OCSP_VERSION_UNSUPPORTED');
    expect(outcome({ version: 2 })).toBe('OCSP_VERSION_UNSUPPORTED');
    expect(outcome({ version: 0 })).toBe('OCSP_MALFORMED');
  });

  it('names a responder in one of two ways', () => {
    const { subject } = scene.responder.certificate;
    const wrong = [
      explicit(0, subject.der),
      explicit(3, subject.der),
      explicit(1, octets(subject.der)),
      explicit(2, subject.der),
      explicit(1, subject.der, subject.der),
      explicit(1),
      Buffer.alloc(0),
    ];
    expect(wrong.map((responderId) => outcome({ responderId }))).toEqual(new Array(7).fill('OCSP_MALFORMED'));
  });

  it('says good, revoked or unknown, and nothing more', () => {
    const wrong = [
      derElement(0x80, Buffer.of(0)),
      derElement(0x82, Buffer.of(0)),
      derElement(0x83),
      derElement(0xa0),
      derElement(0x05),
      explicit(1),
      explicit(1, time(later(-1)), explicit(0, derElement(0x02, Buffer.of(1)))),
      explicit(1, time(later(-1)), explicit(0, derElement(0x0a, Buffer.of(1)), derElement(0x05))),
      derElement(0x81, time(later(-1))),
      Buffer.concat([revoked(later(-1)), derElement(0x80)]),
    ];
    const outcomes = wrong.map((status) => outcome({ answers: [scene.answer({ status })] }));
    expect(outcomes).toEqual(new Array(wrong.length).fill('OCSP_MALFORMED'));
  });

  it('writes times in one way only (RFC 5280 4.1.2.5.2)', () => {
    const honest = scene.answer();
    const withTime = (bytes: Buffer) => {
      const at = honest.indexOf(time(later(-1)));
      return sequence(honest.subarray(2, at), bytes, honest.subarray(at + time(later(-1)).length));
    };
    expect(outcome({ answers: [withTime(time(later(-1)))] })).toBe('good');
    const wrong = [
      '20261122115900',
      '202611221159Z',
      '20261122115900.0Z',
      '20261122115900+0000',
      '20261322115900Z',
    ];
    const texts = wrong.map((text) => derElement(0x18, Buffer.from(text)));
    texts.push(derElement(0x17, Buffer.from('261122115900Z')));
    const outcomes = texts.map((bytes) => outcome({ answers: [withTime(bytes)] }));
    expect(outcomes).toEqual(new Array(texts.length).fill('OCSP_MALFORMED'));
  });

  it('carries a signature of whole octets', () => {
    expect(outcome({ unusedBits: 1, signWith: () => Buffer.of(0x30, 0x00) })).toBe('OCSP_MALFORMED');
  });

  it('has no empty extensions', () => {
    expect(outcome({ extensions: [] })).toBe('OCSP_MALFORMED');
    expect(outcome({ answers: [scene.answer({ extensions: [] })] })).toBe('OCSP_MALFORMED');
  });

  it('has no element too many, wherever it is put, though signed by the responder', () => {
    const answers = [
      scene.answer({
        status: revoked(later(-60), 1),
        extensions: [extension('1.2.3.4', octets(Buffer.of(1)))],
      }),
    ];
    const extensions = [extension('1.2.3.5', octets(Buffer.of(1)))];
    const outcomes: string[] = [];
    let tbs: Uint8Array = Buffer.alloc(0);
    const honest = basic({
      answers,
      extensions,
      signWith: (bytes) => {
        tbs = bytes;
        return signerOf(scene.responder.privateKey)(bytes);
      },
    });
    expect(scene.outcome(wrapped(honest))).toBe('revoked');
    for (const bent of withSurplus(wrapped(honest))) outcomes.push(scene.outcome(bent));
    for (const bent of withSurplus(honest)) outcomes.push(scene.outcome(wrapped(bent)));
    for (const bent of withSurplus(Buffer.from(tbs))) {
      const signature = derElement(0x03, Buffer.of(0), signerOf(scene.responder.privateKey)(bent));
      const certificates = explicit(0, sequence(scene.responder.certificate.der));
      const algorithm = sequence(derOid('1.2.840.10045.4.3.2'));
      outcomes.push(scene.outcome(wrapped(sequence(bent, algorithm, signature, certificates))));
    }
    expect(outcomes.length).toBeGreaterThan(60);
    // The surplus in the signature's AlgorithmIdentifier is a parameter that ECDSA does not have.
    expect(new Set(outcomes)).toEqual(new Set(['OCSP_MALFORMED', 'OCSP_ALGORITHM_UNSUPPORTED']));
    expect(outcomes.filter((one) => one === 'OCSP_ALGORITHM_UNSUPPORTED')).toHaveLength(1);
  });
});

describe('whatever comes', () => {
  const typed = (bytes: Uint8Array) => {
    try {
      return scene.accept(bytes).status;
    } catch (error) {
      expect(error).toBeInstanceOf(TrustError);
      return '';
    }
  };

  it('random bytes end in a TrustError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typed(bytes) === ''),
      { numRuns: 300 },
    );
  });

  it('an honest answer with octets changed, cut out, doubled or put in ends in a TrustError', () => {
    const honest = wrapped(basic());
    const splice = fc.record({
      at: fc.nat({ max: honest.length - 1 }),
      remove: fc.nat({ max: 8 }),
      insert: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(splice, { minLength: 1, maxLength: 3 }), (splices) => {
        let bytes: Buffer = honest;
        for (const { at, remove, insert } of splices) {
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
        }
        expect(typed(bytes)).toBe(bytes.equals(honest) ? 'good' : '');
      }),
      { numRuns: 1_000 },
    );
  });

  it('changes signed by the responder himself end in a finding or a TrustError', () => {
    let tbs: Uint8Array = Buffer.alloc(0);
    basic({
      signWith: (bytes) => {
        tbs = bytes;
        return bytes;
      },
    });
    const change = fc.record({ at: fc.nat({ max: tbs.length - 1 }), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const bent = Buffer.from(tbs);
        for (const { at, to } of changes) bent[at] = to;
        const signature = derElement(0x03, Buffer.of(0), signerOf(scene.responder.privateKey)(bent));
        const algorithm = sequence(derOid('1.2.840.10045.4.3.2'));
        const certs = explicit(0, sequence(scene.responder.certificate.der));
        typed(wrapped(sequence(bent, algorithm, signature, certs)));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The element once for each constructed element in it, with a NULL put at that one's end. */
function* withSurplus(der: Buffer): Generator<Buffer> {
  const tag = der[0] ?? 0;
  if ((tag & 0x20) === 0) return;
  const children: Buffer[] = [];
  for (let at = headerLength(der); at < der.length; ) {
    const child = der.subarray(at, at + elementLength(der.subarray(at)));
    children.push(child);
    at += child.length;
  }
  yield derElement(tag, ...children, derElement(0x05));
  for (const [index, child] of children.entries()) {
    for (const bent of withSurplus(child)) yield derElement(tag, ...children.with(index, bent));
  }
}

function headerLength(der: Buffer): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function elementLength(der: Buffer): number {
  const header = headerLength(der);
  return header + (header === 2 ? (der[1] ?? 0) : der.readUIntBE(2, header - 2));
}

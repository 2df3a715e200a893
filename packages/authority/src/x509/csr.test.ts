import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openssl, refusal, type Scratch, scratch } from '../authority-fixtures.js';
import { bitString, derNull, objectIdentifier, sequence, tlv, unsignedInteger } from '../der/writer.js';
import { AuthorityError } from '../error.js';
import { toPem } from '../pem.js';
import { type RequestRules, readRequest } from './csr.js';
import { spkiOf } from './key.js';
import { algorithmDer, schemeOf } from './signature.js';

const organization: RequestRules = { use: 'organization' };
const plugin: RequestRules = { use: 'plugin' };
let files: Scratch;
let requests = 0;

beforeAll(async () => {
  files = await scratch();
});
afterAll(async () => {
  await files[Symbol.asyncDispose]();
});

async function opensslRequest(keyArgs: string[], subject = '/CN=Acme/O=Acme Ltd/C=CA', ...more: string[]) {
  const out = `${files.dir}/${++requests}.der`;
  const form = ['-outform', 'DER', '-keyout', `${out}.key`, '-out', out];
  const result = await openssl([
    'req',
    '-new',
    '-utf8',
    '-nodes',
    ...keyArgs,
    '-subj',
    subject,
    ...form,
    ...more,
  ]);
  expect(result.stderr).not.toMatch(/error/i);
  return readFile(out);
}

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const attribute = (oid: string, tag: number, text: Uint8Array | string): Buffer =>
  tlv(0x31, sequence(objectIdentifier(oid), tlv(tag, Buffer.from(text))));
const cn = (text: Uint8Array | string, tag = 0x0c): Buffer => attribute('2.5.4.3', tag, text);

interface Forgery {
  readonly rdns?: readonly Uint8Array[];
  readonly key?: KeyObject;
  readonly spki?: Uint8Array;
  readonly version?: number;
  readonly algorithm?: Uint8Array;
  readonly digest?: string;
  readonly attributes?: Uint8Array;
  readonly trailing?: Uint8Array;
}

/** A request laid out by hand: correctly signed, whatever it says. */
function forge(forgery: Forgery = {}): Buffer {
  const key = forgery.key ?? ec;
  const scheme = schemeOf(key);
  const info = sequence(
    unsignedInteger(forgery.version ?? 0),
    sequence(...(forgery.rdns ?? [cn('Acme')])),
    forgery.spki ?? spkiOf(key),
    forgery.attributes ?? tlv(0xa0),
  );
  const signature = sign(forgery.digest ?? scheme.digest, info, key);
  const request = sequence(info, forgery.algorithm ?? algorithmDer(scheme), bitString(signature));
  return Buffer.concat([request, forgery.trailing ?? Buffer.alloc(0)]);
}

describe('requests of openssl req', () => {
  it.each([
    ['RSA', ['-newkey', 'rsa:2048'], 'rsa'],
    ['P-256', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'ec'],
    ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'ec'],
    ['P-521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'ec'],
    ['Ed25519', ['-newkey', 'ed25519'], 'ed25519'],
  ])('are read: %s', async (_name, keyArgs, type) => {
    const request = await readRequest(await opensslRequest(keyArgs), organization);
    expect(request.publicKey.asymmetricKeyType).toBe(type);
    expect(request.subject).toEqual([
      { name: 'CN', value: 'Acme' },
      { name: 'O', value: 'Acme Ltd' },
      { name: 'C', value: 'CA' },
    ]);
  });

  it('are read as DER, PEM, with text around, with CRLF and gzipped', async () => {
    const der = await opensslRequest(['-newkey', 'ed25519']);
    const pem = toPem('CERTIFICATE REQUEST', der);
    const forms = [
      der,
      pem,
      `Subject: me\n${pem}\n`,
      pem.replaceAll('\n', '\r\n'),
      gzipSync(pem),
      gzipSync(der),
    ];
    const read = await Promise.all(forms.map((form) => readRequest(Buffer.from(form), organization)));
    expect(new Set(read.map(({ keyId }) => keyId)).size).toBe(1);
  });
});

describe('a request is refused', () => {
  it('when a byte of it was changed', async () => {
    const der = forge();
    const at = der.indexOf('Acme');
    der.write('Evil', at);
    await refusal(readRequest(der, organization), 'CSR_SIGNATURE_INVALID');
  });

  it('when another key signed it', async () => {
    const spki = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    await refusal(readRequest(forge({ spki }), organization), 'CSR_SIGNATURE_INVALID');
  });

  it('when the algorithm is not one of its key', async () => {
    const der = forge({ key: rsa, algorithm: algorithmDer(schemeOf(ec)) });
    await refusal(readRequest(der, organization), 'CSR_SIGNATURE_INVALID');
  });

  it('when it is signed with SHA-1 or MD5', async () => {
    const sha1 = sequence(objectIdentifier('1.2.840.113549.1.1.5'), tlv(0x05));
    const weak = forge({ key: rsa, algorithm: sha1, digest: 'sha1' });
    await refusal(readRequest(weak, organization), 'CSR_ALGORITHM_UNSUPPORTED');
  });

  it('when its key is weak, too large or of another kind', async () => {
    const weak = await opensslRequest(['-newkey', 'rsa:1024']);
    await refusal(readRequest(weak, organization), 'CSR_KEY_TOO_WEAK');
    const exponent = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey;
    await refusal(readRequest(forge({ key: exponent }), organization), 'CSR_KEY_TOO_WEAK');
    const curve = await opensslRequest(['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']);
    await refusal(readRequest(curve, organization), 'CSR_KEY_UNSUPPORTED');
    const dsa = await opensslRequest(['-newkey', 'ed448']);
    await refusal(readRequest(dsa, organization), 'CSR_KEY_UNSUPPORTED');
  });

  it('when its RSA key is larger than anybody verifies with', async () => {
    const modulus = tlv(0x02, Buffer.concat([Buffer.of(0x00), Buffer.alloc(1025, 0xff)]));
    const id = sequence(objectIdentifier('1.2.840.113549.1.1.1'), derNull);
    const spki = sequence(id, bitString(sequence(modulus, unsignedInteger(65537))));
    await refusal(readRequest(forge({ spki }), plugin), 'CSR_KEY_TOO_LARGE');
  });

  it('when its point is compressed or its curve spelt out', async () => {
    const ecArgs = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const spelt = await opensslRequest([...ecArgs, '-pkeyopt', 'ec_param_enc:explicit']);
    await refusal(readRequest(spelt, organization), 'CSR_KEY_UNSUPPORTED');
    const point = spkiOf(ec).subarray(-64);
    const parity = (point[63] ?? 0) % 2 === 0 ? 0x02 : 0x03;
    const id = sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.2.840.10045.3.1.7'));
    const spki = sequence(id, bitString(Buffer.concat([Buffer.of(parity), point.subarray(0, 32)])));
    await refusal(readRequest(forge({ spki }), organization), 'CSR_KEY_UNSUPPORTED');
  });

  it('when it is for a plugin and not RSA', async () => {
    await refusal(readRequest(forge(), plugin), 'CSR_KEY_NOT_RSA');
    expect((await readRequest(forge({ key: rsa }), plugin)).publicKey.asymmetricKeyType).toBe('rsa');
  });

  it('when it chooses its serial number', async () => {
    const rdns = [cn('Acme'), attribute('2.5.4.5', 0x13, '0001')];
    await refusal(readRequest(forge({ rdns }), organization), 'CSR_SERIAL_NUMBER_NOT_ALLOWED');
  });

  it.each([
    ['no name at all', []],
    ['no common name', [attribute('2.5.4.10', 0x0c, 'Acme')]],
    ['two common names', [cn('Acme'), cn('Other')]],
    ['an empty common name', [cn('')]],
    ['blanks around it', [cn(' Acme')]],
    ['a line break', [cn('Acme\nIssuer: Root')]],
    ['a NUL', [cn('Acme\0.evil')]],
    ['a right-to-left override', [cn('Acme\u202egnp')]],
    ['an isolate', [cn('Ac\u2067me')]],
    ['a zero-width space', [cn('Ac\u200bme')]],
    ['a line separator', [cn('Acme\u2028x')]],
    ['a private-use character', [cn('Acme\ue000')]],
    ['65 characters', [cn('a'.repeat(65))]],
    ['invalid UTF-8', [cn(Buffer.of(0x41, 0xc3, 0x28))]],
    ['an overlong UTF-8 NUL', [cn(Buffer.of(0x41, 0xc0, 0x80))]],
    ['a byte order mark', [cn('\ufeffAcme')]],
    ['a PrintableString that is none', [cn('Ac*me', 0x13)]],
    ['an odd BMPString', [cn(Buffer.of(0x00, 0x41, 0x00), 0x1e)]],
    ['a BMPString with a lone surrogate', [cn(Buffer.of(0xd8, 0x00), 0x1e)]],
    ['a TeletexString', [cn('Acme', 0x14)]],
    ['an octet string', [cn('Acme', 0x04)]],
    ['a country that is none', [cn('Acme'), attribute('2.5.4.6', 0x13, 'xx')]],
    ['an attribute nobody knows', [cn('Acme'), attribute('2.5.4.41', 0x0c, 'x')]],
    ['an address that is none', [cn('Acme'), attribute('1.2.840.113549.1.9.1', 0x16, 'nobody')]],
    [
      'two attributes in one part',
      [
        tlv(
          0x31,
          sequence(objectIdentifier('2.5.4.3'), tlv(0x0c, Buffer.from('A'))),
          sequence(objectIdentifier('2.5.4.10'), tlv(0x0c, Buffer.from('B'))),
        ),
      ],
    ],
  ])('when its name has %s', async (_what, rdns) => {
    await refusal(readRequest(forge({ rdns }), organization), 'CSR_SUBJECT_INVALID');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['a PEM of another kind', Buffer.from(toPem('CERTIFICATE', forge()))],
    ['two requests', Buffer.from(toPem('CERTIFICATE REQUEST', forge()).repeat(2))],
    [
      'a PEM that does not end',
      Buffer.from(toPem('CERTIFICATE REQUEST', forge()).replace(/-----END.*/s, '')),
    ],
    ['bytes after the end', forge({ trailing: Buffer.of(0) })],
    ['another version', forge({ version: 1 })],
    ['attributes that are none', forge({ attributes: tlv(0xa0, Buffer.of(1)) })],
    ['gzip of nothing', Buffer.of(0x1f, 0x8b, 0x08, 0x00)],
    ['BER with an indefinite length', Buffer.concat([Buffer.of(0x30, 0x80), forge().subarray(4)])],
    ['a length that is not minimal', Buffer.concat([Buffer.of(0x30, 0x83, 0x00), forge().subarray(2)])],
  ])('when it is %s', async (_what, bytes) => {
    await refusal(readRequest(bytes, organization), 'CSR_MALFORMED');
  });

  it('when it is large, packed or not', async () => {
    await refusal(readRequest(Buffer.alloc(16_385, 0x30), organization), 'CSR_TOO_LARGE');
    const bomb = gzipSync(Buffer.alloc(1_000_000, 0x30));
    await refusal(readRequest(bomb, organization), 'CSR_TOO_LARGE');
  });
});

describe('whatever is sent', () => {
  it('ends in a request or a refusal of this room', async () => {
    const valid = forge();
    const mutations = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const der = Buffer.from(valid);
        for (const [at, octet] of changes) der[at] = octet;
        if (der.equals(valid)) return;
        const outcome = await readRequest(der, organization).catch((error: unknown) => error);
        expect(outcome).toBeInstanceOf(AuthorityError);
      }),
      { numRuns: 400 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const outcome = await readRequest(bytes, organization).catch((error: unknown) => error);
        expect(outcome).toBeInstanceOf(AuthorityError);
      }),
      { numRuns: 300 },
    );
  });
});

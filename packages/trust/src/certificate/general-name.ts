import type { DistinguishedName } from './certificate.js';
import { context, contextConstructed, type DerNode, DerReader, tags } from './der.js';
import { DerError } from './der-error.js';
import { asciiOf, oidOf } from './der-value.js';
import { readName } from './name.js';

/** GeneralName (RFC 5280 4.2.1.6). An address in a name constraint carries its mask behind it. */
export type GeneralName =
  | { readonly form: 'dns' | 'email' | 'uri'; readonly text: string }
  | { readonly form: 'ip'; readonly octets: Uint8Array }
  | { readonly form: 'directory'; readonly name: DistinguishedName }
  | { readonly form: 'other'; readonly type: string }
  | { readonly form: 'x400' | 'ediParty' | 'registeredId' };

export type GeneralNameForm = GeneralName['form'];

/** Reads one GeneralName; `addressLengths` are the octets an iPAddress may have here. */
export function readGeneralName(node: DerNode, what: string, addressLengths: readonly number[]): GeneralName {
  switch (node.tag) {
    case contextConstructed(0):
      return { form: 'other', type: readOtherNameType(node, what) };
    case context(1):
      return { form: 'email', text: asciiOf(node.content) };
    case context(2):
      return { form: 'dns', text: asciiOf(node.content) };
    case contextConstructed(3):
      return { form: 'x400' };
    case contextConstructed(4):
      return { form: 'directory', name: readExplicitName(node, what) };
    case contextConstructed(5):
      return { form: 'ediParty' };
    case context(6):
      return { form: 'uri', text: asciiOf(node.content) };
    case context(7):
      if (!addressLengths.includes(node.content.length))
        throw new DerError(`${what}: address of a wrong length`);
      return { form: 'ip', octets: node.content };
    case context(8):
      oidOf(node.content);
      return { form: 'registeredId' };
    default:
      throw new DerError(`${what}: not a GeneralName`);
  }
}

/** GeneralNames, at least one; the content of a SEQUENCE or of an implicit tag. */
export function readGeneralNames(content: Uint8Array, what: string): GeneralName[] {
  const reader = new DerReader(content);
  const names: GeneralName[] = [];
  while (!reader.done) names.push(readGeneralName(reader.any(what), what, [4, 16]));
  if (names.length === 0) throw new DerError(`${what} is empty`);
  return names;
}

function readExplicitName(node: DerNode, what: string): DistinguishedName {
  const inner = new DerReader(node.content);
  const name = readName(inner.next(tags.sequence, what), what);
  inner.end(what);
  return name;
}

function readOtherNameType(node: DerNode, what: string): string {
  const inner = new DerReader(node.content);
  const type = oidOf(inner.next(tags.oid, what).content);
  inner.next(contextConstructed(0), what);
  inner.end(what);
  return type;
}

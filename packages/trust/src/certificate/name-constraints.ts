import { contextConstructed, type DerNode, DerReader, tags } from './der.js';
import { DerError } from './der-error.js';
import { openSequence } from './extension.js';
import { type GeneralName, readGeneralName } from './general-name.js';

/** RFC 5280 4.2.1.10; `minimum` is always 0 and `maximum` absent. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Reads NameConstraints; a mask with a gap, an empty list and other distances than 0 are errors. */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const reader = openSequence(value, 'nameConstraints');
  const permitted = reader.optional(contextConstructed(0), 'permittedSubtrees');
  const excluded = reader.optional(contextConstructed(1), 'excludedSubtrees');
  reader.end('nameConstraints');
  if (permitted === undefined && excluded === undefined) throw new DerError('nameConstraints is empty');
  return Object.freeze({
    permitted: permitted === undefined ? [] : readSubtrees(permitted),
    excluded: excluded === undefined ? [] : readSubtrees(excluded),
  });
}

function readSubtrees(node: DerNode): readonly GeneralName[] {
  return Object.freeze(new DerReader(node.content).all(tags.sequence, 'subtrees').map(readSubtree));
}

function readSubtree(node: DerNode): GeneralName {
  const reader = new DerReader(node.content);
  const base = readGeneralName(reader.any('base'), 'base', [8, 32]);
  // RFC 5280 4.2.1.10: minimum 0 (the default, so never encoded) and no maximum.
  reader.end('a subtree with minimum or maximum');
  if (base.form === 'ip') assertPrefixMask(base.octets.subarray(base.octets.length / 2));
  return base;
}

// RFC 4632: ones, then zeros.
function assertPrefixMask(mask: Uint8Array): void {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  if (bits.includes('01')) throw new DerError('address mask with a gap');
}

import { context, contextConstructed, type DerNode, DerReader, tags } from './der.js';
import { DerError } from './der-error.js';
import { namedBitsOf } from './der-value.js';
import { openSequence } from './extension.js';
import { type GeneralName, readGeneralNames } from './general-name.js';
import { readRelativeNameFragment } from './name.js';

/** Where a CRL is found: full names, or one RDN (canonical) below the CRL issuer's name. */
export type DistributionPointName =
  | { readonly fullName: readonly GeneralName[] }
  | { readonly relativeName: string };

/** DistributionPoint of RFC 5280 4.2.1.13. */
export interface DistributionPoint {
  readonly name?: DistributionPointName | undefined;
  /** Bits of ReasonFlags; absent = all. */
  readonly reasons?: ReadonlySet<number> | undefined;
  readonly crlIssuer?: readonly GeneralName[] | undefined;
}

/** CRLDistributionPoints and FreshestCRL (RFC 5280 4.2.1.13, 4.2.1.15). */
export function readDistributionPoints(value: Uint8Array, what: string): readonly DistributionPoint[] {
  return Object.freeze(openSequence(value, what).all(tags.sequence, what).map(readDistributionPoint));
}

/** DistributionPointName inside its EXPLICIT tag. */
export function readDistributionPointName(node: DerNode): DistributionPointName {
  const reader = new DerReader(node.content);
  const full = reader.optional(contextConstructed(0), 'fullName');
  const name =
    full === undefined
      ? {
          relativeName: readRelativeNameFragment(
            reader.next(contextConstructed(1), 'nameRelativeToCRLIssuer'),
            'nameRelativeToCRLIssuer',
          ),
        }
      : { fullName: Object.freeze(readGeneralNames(full.content, 'fullName')) };
  reader.end('distributionPoint');
  return Object.freeze(name);
}

/** ReasonFlags as the numbers of their bits; none set is an error. */
export function readReasonFlags(node: DerNode): ReadonlySet<number> {
  const reasons = namedBitsOf(node.content);
  if (reasons.size === 0) throw new DerError('no reason is set');
  return reasons;
}

function readDistributionPoint(node: DerNode): DistributionPoint {
  const reader = new DerReader(node.content);
  const name = reader.optional(contextConstructed(0), 'distributionPoint');
  const reasons = reader.optional(context(1), 'reasons');
  const issuer = reader.optional(contextConstructed(2), 'cRLIssuer');
  reader.end('DistributionPoint');
  // RFC 5280 4.2.1.13: never reasons alone.
  if (name === undefined && issuer === undefined)
    throw new DerError('distribution point without name and issuer');
  return Object.freeze({
    name: name === undefined ? undefined : readDistributionPointName(name),
    reasons: reasons === undefined ? undefined : readReasonFlags(reasons),
    crlIssuer:
      issuer === undefined ? undefined : Object.freeze(readGeneralNames(issuer.content, 'cRLIssuer')),
  });
}

/** URIs of the full names, in order. */
export function urlsOf(points: readonly DistributionPoint[]): readonly string[] {
  const names = points.flatMap(({ name }) => (name !== undefined && 'fullName' in name ? name.fullName : []));
  return Object.freeze(names.flatMap((name) => (name.form === 'uri' ? [name.text] : [])));
}

import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { AddressRefused } from './fetch-failure.js';
import { isPublicAddress } from './public-address.js';

export interface ConnectionRules {
  readonly timeMs: number;
  readonly denyPrivateAddresses: boolean;
  /** Addresses that are allowed all the same, spelt as the resolver spells them. */
  readonly allowedPrivateAddresses: readonly string[];
  /** Default: the system's. */
  readonly lookup: LookupFunction | undefined;
}

/** Every connection passes here, redirected ones too, so an address is checked at the moment it is used. */
export function guardedConnector({
  timeMs,
  denyPrivateAddresses,
  allowedPrivateAddresses,
  lookup,
}: ConnectionRules): buildConnector.connector {
  const refused = (host: string) =>
    new AddressRefused(`leads to a private address (${host}), which is not allowed`);
  const allows = (address: string) => isPublicAddress(address) || allowedPrivateAddresses.includes(address);
  const guard = denyPrivateAddresses ? guardedLookup(lookup, allows, refused) : lookup;
  const connect = buildConnector({
    timeout: timeMs,
    ...(guard === undefined ? {} : { lookup: guard }),
  });
  return (target, callback) => {
    const literal = target.hostname.replace(/^\[|\]$/g, '');
    // A literal address is connected to without any lookup.
    if (denyPrivateAddresses && isIP(literal) !== 0 && !allows(literal)) {
      callback(refused(literal), null);
      return;
    }
    connect(target, callback);
  };
}

/**
 * A resolver that fails when a name leads to any address that is not allowed. It runs inside the connecting itself,
 * so the address that was checked is the one connected to (no second lookup to rebind in between).
 */
function guardedLookup(
  resolve: LookupFunction = systemLookup,
  allows: (address: string) => boolean,
  refused: (address: string) => Error,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, found, family) => {
      if (error !== null) {
        callback(error, found, family);
        return;
      }
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      const hidden = addresses.find((address) => !allows(address));
      if (hidden === undefined) callback(null, found, family);
      else callback(refused(`${hostname} -> ${hidden}`), '', 0);
    });
  };
}

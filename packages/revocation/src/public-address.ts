import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Not globally reachable: IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast, reserved. */
const specialV4 = subnets('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

/** Inside 2000::/3, yet not globally reachable or a tunnel to an address of somebody's choice (Teredo, 6to4). */
const specialV6 = subnets('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

/**
 * True when an IP address (text, no brackets) is one of the public Internet. IPv4 inside IPv6 (mapped
 * ::ffff:0:0/96, NAT64 64:ff9b::/96) counts as the IPv4 address it leads to; scoped addresses never count.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialV4.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return false;
  const groups = groupsOf(address);
  const embedded = embeddedV4(groups);
  if (embedded !== undefined) return isPublicAddress(embedded);
  const globalUnicast = ((groups[0] ?? 0) & 0xe000) === 0x2000;
  return globalUnicast && !specialV6.check(address, 'ipv6');
}

function subnets(family: 'ipv4' | 'ipv6', networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

function embeddedV4(groups: readonly number[]): string | undefined {
  const prefix = groups.slice(0, 6).join(':');
  const mapped = prefix === `0:0:0:0:0:${0xffff}`;
  const nat64 = prefix === `${0x64}:${0xff9b}:0:0:0:0`;
  if (!mapped && !nat64) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight groups of an IPv6 address; the URL parser does the canonicalisation. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

import type { GeneralName } from '../certificate/general-name.js';
import { isWithin } from '../certificate/name.js';

/**
 * How a name stands to the base of a name constraint: inside, outside, or not comparable (a name or base that is not
 * well-formed, or a form that is not known), which is refused wherever the form is constrained.
 * `touches`: some of what a wildcard stands for is inside.
 */
export type Relation = 'inside' | 'touches' | 'outside' | 'incomparable';

/** RFC 5280 4.2.1.10. */
export function relationOf(name: GeneralName, base: GeneralName): Relation {
  switch (name.form) {
    case 'dns':
      return base.form === 'dns' ? relateDns(name.text, base.text) : 'outside';
    case 'email':
      return base.form === 'email' ? relateEmail(name.text, base.text) : 'outside';
    case 'uri':
      return base.form === 'uri' ? relateUri(name.text, base.text) : 'outside';
    case 'ip':
      return base.form === 'ip' ? relateAddress(name.octets, base.octets) : 'outside';
    case 'directory':
      return base.form === 'directory' && isWithin(name.name, base.name) ? 'inside' : 'outside';
    default:
      return base.form === name.form ? 'incomparable' : 'outside';
  }
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function isHost(host: string): boolean {
  return host.length <= 253 && host.split('.').every((part) => label.test(part));
}

function isBelow(host: string, domain: string): boolean {
  return host.endsWith(`.${domain}`);
}

// Any name made by adding labels on the left of the base is inside, and the base itself. An empty base holds all.
function relateDns(text: string, baseText: string): Relation {
  const base = baseText.toLowerCase();
  const name = text.toLowerCase();
  const wildcard = name.startsWith('*.');
  const host = wildcard ? name.slice(2) : name;
  if (!isHost(host) || !(base === '' || isHost(base))) return 'incomparable';
  if (base === '' || host === base || isBelow(host, base)) return 'inside';
  return wildcard && isBelow(base, host) ? 'touches' : 'outside';
}

// A mailbox, a host, or with a leading period every host below a domain.
function relateEmail(text: string, base: string): Relation {
  const mailbox = splitMailbox(text);
  if (mailbox === undefined) return 'incomparable';
  if (!base.includes('@')) return relateHost(mailbox.host, base);
  const allowed = splitMailbox(base);
  if (allowed === undefined) return 'incomparable';
  return mailbox.local === allowed.local && mailbox.host === allowed.host ? 'inside' : 'outside';
}

function splitMailbox(text: string): { local: string; host: string } | undefined {
  const [local, host, ...more] = text.split('@');
  if (local === undefined || local === '' || host === undefined || more.length > 0) return undefined;
  const lower = host.toLowerCase();
  return isHost(lower) ? { local, host: lower } : undefined;
}

const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::\d*)?(?:[/?#]|$)/i;

// RFC 5280 4.2.1.10: a URI without a host name (an address, or none) is refused under a URI constraint.
function relateUri(text: string, base: string): Relation {
  const host = authority.exec(text)?.[1]?.toLowerCase();
  if (host === undefined || !isHost(host) || /(?:^|\.)\d+$/.test(host)) return 'incomparable';
  return relateHost(host, base);
}

function relateHost(host: string, baseText: string): Relation {
  const base = baseText.toLowerCase();
  if (base === '') return 'inside';
  const domain = base.startsWith('.') ? base.slice(1) : base;
  if (!isHost(domain)) return 'incomparable';
  return (base === domain ? host === domain : isBelow(host, domain)) ? 'inside' : 'outside';
}

// The base is an address and a mask of the same length; an address of the other family is outside.
function relateAddress(octets: Uint8Array, base: Uint8Array): Relation {
  if (base.length !== octets.length * 2) return 'outside';
  const inside = octets.every((octet, index) => {
    const mask = base[octets.length + index] ?? 0;
    return (octet & mask) === ((base[index] ?? 0) & mask);
  });
  return inside ? 'inside' : 'outside';
}

/** Where in the page the user is; it stands behind the `#` of the address, so that the host is asked for one document only. */
export type Screen =
  | { readonly name: 'store' }
  | {
      readonly name: 'plugin';
      readonly store: string;
      readonly id: string;
      readonly part?: 'preferences' | undefined;
    }
  | { readonly name: 'how'; readonly job?: string | undefined }
  | { readonly name: 'activity'; readonly plugin?: string | undefined };

const segments = (...parts: readonly (string | undefined)[]): string =>
  `#/${parts
    .filter((part) => part !== undefined)
    .map(encodeURIComponent)
    .join('/')}`;

/** The address of a screen, for a link. */
export function addressOf(screen: Screen): string {
  switch (screen.name) {
    case 'store':
      return '#/';
    case 'plugin':
      return segments('plugins', screen.store, screen.id, screen.part);
    case 'how':
      return segments('how-it-works', screen.job);
    case 'activity':
      return segments('activity', screen.plugin);
  }
}

/** The screen of an address; whatever is none leads to the store. */
export function screenOf(hash: string): Screen {
  const parts = decode(hash.replace(/^#?\/?/, '').split('/'));
  const [first, second, third, fourth] = parts ?? [];
  if (first === 'plugins' && second && third) {
    return { name: 'plugin', store: second, id: third, part: fourth === 'preferences' ? fourth : undefined };
  }
  if (first === 'how-it-works') return { name: 'how', job: second };
  if (first === 'activity') return { name: 'activity', plugin: second };
  return { name: 'store' };
}

function decode(parts: readonly string[]): string[] | undefined {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    // Written by hand, with a % that begins nothing.
    return undefined;
  }
}

import { readdirSync, statSync } from 'node:fs';

const packages = new URL('../../', import.meta.url);
export const bundleMain = new URL('../dist/bundle/main.js', import.meta.url);

/**
 * Whether the bundle (scripts/bundle.mjs) is newer than everything it was made of: what each room was compiled to, and the libraries.
 * Where nothing is known of them, as in an installed copy, it is.
 */
export function isFresh() {
  const madeMs = changedMs(bundleMain);
  if (madeMs === undefined) return false;
  const sources = [
    ...readdirSync(packages).map((room) => new URL(`${room}/dist/.tsbuildinfo`, packages)),
    new URL('../node_modules/.package-lock.json', packages),
  ];
  return sources.every((source) => (changedMs(source) ?? 0) <= madeMs);
}

function changedMs(url) {
  return statSync(url, { throwIfNoEntry: false })?.mtimeMs;
}

/** The platforms that Jami has names for. */
export const platforms = [
  'x86_64-linux-gnu',
  'x86-linux-gnu',
  'arm64-v8a',
  'armeabi-v7a',
  'armeabi',
  'x86',
  'x86_64',
  'x64-windows',
  'x86_64-apple-Darwin',
  'arm64-apple-Darwin',
  'iphone',
  'unknown',
] as const;

export type Platform = (typeof platforms)[number];

const platformOfHost: Readonly<Record<string, Platform>> = {
  'linux/x64': 'x86_64-linux-gnu',
  'linux/ia32': 'x86-linux-gnu',
  'linux/arm64': 'arm64-v8a',
  'linux/arm': 'armeabi-v7a',
  'android/arm64': 'arm64-v8a',
  'android/arm': 'armeabi-v7a',
  'android/ia32': 'x86',
  'android/x64': 'x86_64',
  'win32/x64': 'x64-windows',
  'darwin/x64': 'x86_64-apple-Darwin',
  'darwin/arm64': 'arm64-apple-Darwin',
};

export function isPlatform(name: string): name is Platform {
  return (platforms as readonly string[]).includes(name);
}

/** Jami's name of the platform this process runs on; `unknown` where Jami has none. */
export function currentPlatform(
  host: { platform: string; arch: string } = { platform: process.platform, arch: process.arch },
): Platform {
  return platformOfHost[`${host.platform}/${host.arch}`] ?? 'unknown';
}

/**
 * A native library is exactly `lib/<platform>/<file>`; nothing deeper, and no other path that merely looks like it.
 * The platform need not be one of `platforms`: a package may serve systems this program does not know.
 */
export function libraryOf(entryName: string): { platform: string; file: string } | undefined {
  const match = /^lib\/([^/]+)\/([^/]+)$/.exec(entryName);
  const [, platform, file] = match ?? [];
  return platform === undefined || file === undefined ? undefined : { platform, file };
}

/** The platforms for which there is a library, sorted; empty for a package of data only. */
export function platformsOf(entries: Iterable<{ readonly name: string }>): string[] {
  const found = new Set<string>();
  for (const { name } of entries) {
    const library = libraryOf(name);
    if (library !== undefined) found.add(library.platform);
  }
  return [...found].sort();
}

/** What people call a platform: its system, and the whole. Names of products are the same in every language. */
const names: Readonly<Record<string, { readonly system: string; readonly whole: string }>> = {
  'x86_64-linux-gnu': { system: 'Linux', whole: 'Linux x86-64' },
  'x86-linux-gnu': { system: 'Linux', whole: 'Linux x86' },
  'arm64-linux-gnu': { system: 'Linux', whole: 'Linux ARM 64' },
  'aarch64-linux-gnu': { system: 'Linux', whole: 'Linux ARM 64' },
  'x64-windows': { system: 'Windows', whole: 'Windows x64' },
  'x86_64-apple-Darwin': { system: 'macOS', whole: 'macOS Intel' },
  'arm64-apple-Darwin': { system: 'macOS', whole: 'macOS Apple silicon' },
  iphone: { system: 'iPhone', whole: 'iPhone' },
  'arm64-v8a': { system: 'Android', whole: 'Android ARM 64' },
  'armeabi-v7a': { system: 'Android', whole: 'Android ARM' },
  armeabi: { system: 'Android', whole: 'Android ARM' },
  x86: { system: 'Android', whole: 'Android x86' },
  x86_64: { system: 'Android', whole: 'Android x86-64' },
};

/** `Linux x86-64`; a platform that nobody has a name for is called what it is. */
export function platformName(platform: string): string {
  return names[platform]?.whole ?? platform;
}

/** `Linux`, `Windows`: each system once, this computer's first. */
export function systemNames(platforms: readonly string[], own?: string): string[] {
  const systems = [...new Set(platforms.map((platform) => names[platform]?.system ?? platform))];
  const first = own === undefined ? undefined : names[own]?.system;
  return first !== undefined && systems.includes(first)
    ? [first, ...systems.filter((name) => name !== first)]
    : systems;
}

/** What a library may see of the daemon's environment: where to find things and how to speak to the user, nothing else. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'TZ', 'LANG', 'LC_ALL', 'LC_MESSAGES'];
/** Windows starts no process without it. */
const passedOnByWindows = ['SystemRoot', 'USERPROFILE', 'LOCALAPPDATA'];

/** @param language of texts, as the daemon tells them now */
export function hostEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  language: string,
): Record<string, string> {
  const names = process.platform === 'win32' ? [...passedOn, ...passedOnByWindows] : passedOn;
  const kept = names.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), JAMI_LANG: language };
}

import { basename, dirname, join } from 'node:path';

/**
 * Where everything stands below a data folder (docs/daemon.md, "On disk"). Names below `plugins/` that begin with a dot are
 * ours; plugin ids never do.
 */
export interface Layout {
  readonly dataDir: string;
  readonly plugins: string;
  readonly staging: string;
  readonly versions: string;
  /** The daemon's own state: lock, secret, configured stores. */
  readonly own: string;
  readonly lock: string;
  /** Kept revocation answers. */
  readonly answers: string;
  /** When the daily routine last ran. */
  readonly routine: string;
  /** What changed, line by line. */
  readonly activity: string;
  /** What the user wants of the plugins as a whole: enabled, loaded at the start, language. */
  readonly managing: string;
  /** The link that says which tree is active. Its rename is the commit. */
  link(id: string): string;
  /** All that belongs to one plugin. */
  home(id: string): string;
  tree(id: string, tree: string): string;
  record(id: string, tree: string): string;
  /** What the watch found out about a tree since it was installed. */
  standing(id: string, tree: string): string;
  preferences(id: string): string;
  journal(id: string): string;
  /** Stands while a plain folder becomes an installed plugin. */
  adoption(id: string): string;
  /** The values from before, until those of that folder have taken their place for good. */
  replacedPreferences(id: string): string;
}

export const preferencesName = 'preferences.msgpack';
/** Values that could not be read are kept beside under a name that begins so. */
export const damagedPreferencesPrefix = `${preferencesName}.damaged-`;
export const recordSuffix = '.record.json';
export const standingSuffix = '.standing.json';
export const journalName = 'switch.journal.json';
const adoptionName = 'adopt.journal.json';
const versionsName = '.versions';

export function layoutOf(dataDir: string): Layout {
  const plugins = join(dataDir, 'plugins');
  const versions = join(plugins, versionsName);
  const own = join(dataDir, 'jpl');
  return {
    dataDir,
    plugins,
    staging: join(plugins, '.staging'),
    versions,
    own,
    lock: join(own, 'lock'),
    answers: join(own, 'answers'),
    routine: join(own, 'routine.json'),
    activity: join(own, 'activity.jsonl'),
    managing: join(own, 'managing.json'),
    link: (id) => join(plugins, id),
    home: (id) => join(versions, id),
    tree: (id, tree) => join(versions, id, tree),
    record: (id, tree) => join(versions, id, tree + recordSuffix),
    standing: (id, tree) => join(versions, id, tree + standingSuffix),
    preferences: (id) => join(versions, id, preferencesName),
    journal: (id) => join(versions, id, journalName),
    adoption: (id) => join(versions, id, adoptionName),
    replacedPreferences: (id) => join(versions, id, `replaced.${preferencesName}`),
  };
}

/** What a plugin's link holds: relative, so that a data folder can be moved. */
export function linkTarget(id: string, tree: string): string {
  return `${versionsName}/${id}/${tree}`;
}

/** The tree a link's text names, when it is one of this plugin's own; undefined for any other text. */
export function treeOfTarget(id: string, target: string, layout: Layout): string | undefined {
  const tree = basename(target);
  if (tree === '' || tree === '..' || tree === '.') return undefined;
  if (target === linkTarget(id, tree)) return tree;
  // Windows gives a junction's target as an absolute path.
  return dirname(target) === layout.home(id) ? tree : undefined;
}

const digestDigits = 16;

/**
 * The name of an installed tree, `<version>-<digest>`; where that is taken (the same package installed again over damaged files)
 * with the first free number after it.
 */
export function treeName(version: string, sha256: string, taken: ReadonlySet<string>): string {
  const name = `${version}-${sha256.slice(0, digestDigits)}`;
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}.${number}`;
    if (!taken.has(candidate) && !taken.has(candidate + recordSuffix)) return candidate;
  }
}

import { join } from 'node:path';
import type { UpdatePolicy, UpdatePolicyChange } from '@jami-plugin-store/contract';
import { type Static, Type } from 'typebox';
import { type JsonFile, jsonFile } from '../storage/json-file.js';

const Policy = Type.Object(
  {
    pinned: Type.Optional(Type.Boolean()),
    skippedVersion: Type.Optional(Type.String({ maxLength: 256 })),
    holdDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 365 })),
  },
  { additionalProperties: false },
);

const SettingsFile = Type.Object(
  {
    format: Type.Literal(1),
    /** Language tag of texts; absent: the system's. */
    language: Type.Optional(Type.String({ maxLength: 128 })),
    /** Whether updates that were found are made by themselves; off as in Jami. */
    autoUpdate: Type.Boolean(),
    /** By id of the plugin; only what differs from the default. */
    policies: Type.Unsafe<Record<string, Static<typeof Policy>>>({
      type: 'object',
      propertyNames: { minLength: 1, maxLength: 64 },
      additionalProperties: Policy,
      maxProperties: 10_000,
    }),
  },
  { additionalProperties: false },
);
type SettingsFile = Static<typeof SettingsFile>;

const empty: SettingsFile = { format: 1, autoUpdate: false, policies: {} };
const maxFileBytes = 4 * 1024 * 1024;

/**
 * What the user decided about this client, in `<data dir>/jpl/settings.json`. Other programs may change it at any time: what is decided by it
 * is read anew.
 */
export class ClientSettings {
  readonly #file: JsonFile<SettingsFile>;
  #known: SettingsFile = empty;

  constructor(dataDir: string) {
    const path = join(dataDir, 'jpl', 'settings.json');
    this.#file = jsonFile({ path, schema: SettingsFile, empty, maxBytes: maxFileBytes, invalid: 'refuse' });
  }

  get language(): string | undefined {
    return this.#known.language;
  }

  get autoUpdate(): boolean {
    return this.#known.autoUpdate;
  }

  policy(id: string): UpdatePolicy {
    const own = Object.hasOwn(this.#known.policies, id) ? this.#known.policies[id] : undefined;
    const { pinned = false, skippedVersion = null, holdDays = 0 } = own ?? {};
    return { pinned, skippedVersion, holdDays };
  }

  /** Plugins with a policy of their own. */
  policyIds(): string[] {
    return Object.keys(this.#known.policies);
  }

  /** Reads the file again. @returns whether anything differs @throws {ClientError} CLIENT_FILE_NOT_READABLE | CLIENT_FILE_INVALID */
  async reload(): Promise<boolean> {
    const before = JSON.stringify(this.#known);
    this.#known = await this.#file.read();
    return JSON.stringify(this.#known) !== before;
  }

  /** @throws {ClientError} CLIENT_FILE_* | DISK_FULL */
  async change(change: { language?: string | undefined; autoUpdate?: boolean | undefined }): Promise<void> {
    const { language, autoUpdate } = change;
    this.#known = await this.#file.change((settings) => ({
      ...settings,
      ...(language === undefined ? {} : { language }),
      ...(autoUpdate === undefined ? {} : { autoUpdate }),
    }));
  }

  /** @throws {ClientError} CLIENT_FILE_* | DISK_FULL */
  async changePolicy(id: string, change: UpdatePolicyChange): Promise<UpdatePolicy> {
    this.#known = await this.#file.change((settings) => {
      const before = Object.hasOwn(settings.policies, id) ? (settings.policies[id] ?? {}) : {};
      const next = withoutDefaults({ ...before, ...definedOnly(change) });
      const { [id]: _, ...others } = settings.policies;
      // `__proto__` is no id of a plugin, so an ordinary object is safe here.
      return { ...settings, policies: next === undefined ? others : { ...others, [id]: next } };
    });
    return this.policy(id);
  }
}

/** Undefined where all of it is the default. */
function withoutDefaults(policy: UpdatePolicyChange): Static<typeof Policy> | undefined {
  const next = {
    ...(policy.pinned === true ? { pinned: true } : {}),
    ...(typeof policy.skippedVersion === 'string' ? { skippedVersion: policy.skippedVersion } : {}),
    ...((policy.holdDays ?? 0) > 0 ? { holdDays: policy.holdDays ?? 0 } : {}),
  };
  return Object.keys(next).length === 0 ? undefined : next;
}

function definedOnly(change: UpdatePolicyChange): UpdatePolicyChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

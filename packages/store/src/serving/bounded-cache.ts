export interface CacheLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Values made at the same time; who asks for others waits, holding nothing. */
  readonly maxMaking: number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  weight: number;
  /** Known once the value is made. */
  group: string | undefined;
}

/**
 * Keeps what was used last, bounded by count and by bytes. Making one value is shared by all who ask at once; a
 * value whose making failed is not kept.
 */
export class BoundedCache<Value> {
  readonly #held = new Map<string, Entry<Value>>();
  readonly #groups = new Map<string, Set<string>>();
  readonly #making = new Set<string>();
  readonly #limits: CacheLimits;
  readonly #weigh: (value: Value) => number;
  readonly #groupOf: (value: Value) => string | undefined;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #bytes = 0;

  /** @param groupOf  values of one group are dropped together */
  constructor(
    limits: CacheLimits,
    weigh: (value: Value) => number,
    groupOf: (value: Value) => string | undefined = () => undefined,
  ) {
    this.#limits = limits;
    this.#weigh = weigh;
    this.#groupOf = groupOf;
  }

  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const held = this.#held.get(key);
    if (held !== undefined) {
      this.#held.delete(key);
      this.#held.set(key, held);
      return held.value;
    }
    const entry: Entry<Value> = { value: this.#inTurn(make), weight: 0, group: undefined };
    this.#held.set(key, entry);
    this.#making.add(key);
    entry.value.then(
      (value) => this.#weighIn(key, entry, value),
      () => this.#forget(key, entry),
    );
    this.#shrink();
    return entry.value;
  }

  /** Forgets one value. */
  drop(key: string): void {
    const entry = this.#held.get(key);
    if (entry !== undefined) this.#forget(key, entry);
  }

  /** Forgets a group's values, and those being made: they may be of it, and made of what was there before. */
  dropGroup(group: string): void {
    for (const key of [...(this.#groups.get(group) ?? []), ...this.#making]) this.drop(key);
  }

  clear(): void {
    this.#held.clear();
    this.#groups.clear();
    this.#making.clear();
    this.#bytes = 0;
  }

  async #inTurn(make: () => Promise<Value>): Promise<Value> {
    while (this.#running >= this.#limits.maxMaking) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      return await make();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  #weighIn(key: string, entry: Entry<Value>, value: Value): void {
    if (this.#held.get(key) !== entry) return;
    this.#making.delete(key);
    entry.weight = this.#weigh(value);
    this.#bytes += entry.weight;
    entry.group = this.#groupOf(value);
    if (entry.group !== undefined) {
      const keys = this.#groups.get(entry.group) ?? new Set();
      this.#groups.set(entry.group, keys.add(key));
    }
    this.#shrink();
  }

  #forget(key: string, entry: Entry<Value>): void {
    if (this.#held.get(key) !== entry) return;
    this.#held.delete(key);
    this.#making.delete(key);
    this.#bytes -= entry.weight;
    if (entry.group === undefined) return;
    const keys = this.#groups.get(entry.group);
    keys?.delete(key);
    if (keys?.size === 0) this.#groups.delete(entry.group);
  }

  #shrink(): void {
    for (const [key, entry] of this.#held) {
      if (this.#held.size <= this.#limits.maxEntries && this.#bytes <= this.#limits.maxBytes) return;
      this.#forget(key, entry);
    }
  }
}

export interface CacheLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Values made at the same time; who asks for others waits, holding nothing. */
  readonly maxMaking: number;
}

/**
 * Keeps what was used last, bounded by count and by bytes. Making one value is shared by all who ask at once; a
 * value whose making failed is not kept.
 */
export class BoundedCache<Value> {
  readonly #held = new Map<string, { value: Promise<Value>; weight: number }>();
  readonly #limits: CacheLimits;
  readonly #weigh: (value: Value) => number;
  readonly #waiting: (() => void)[] = [];
  #making = 0;
  #bytes = 0;

  constructor(limits: CacheLimits, weigh: (value: Value) => number) {
    this.#limits = limits;
    this.#weigh = weigh;
  }

  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const held = this.#held.get(key);
    if (held !== undefined) {
      this.#held.delete(key);
      this.#held.set(key, held);
      return held.value;
    }
    const entry = { value: this.#inTurn(make), weight: 0 };
    this.#held.set(key, entry);
    entry.value.then(
      (value) => this.#weighIn(key, entry, this.#weigh(value)),
      () => this.#forget(key, entry),
    );
    this.#shrink();
    return entry.value;
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  async #inTurn(make: () => Promise<Value>): Promise<Value> {
    while (this.#making >= this.#limits.maxMaking) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#making += 1;
    try {
      return await make();
    } finally {
      this.#making -= 1;
      this.#waiting.shift()?.();
    }
  }

  #weighIn(key: string, entry: { value: Promise<Value>; weight: number }, weight: number): void {
    if (this.#held.get(key) !== entry) return;
    entry.weight = weight;
    this.#bytes += weight;
    this.#shrink();
  }

  #forget(key: string, entry: { value: Promise<Value>; weight: number }): void {
    if (this.#held.get(key) !== entry) return;
    this.#held.delete(key);
    this.#bytes -= entry.weight;
  }

  #shrink(): void {
    for (const [key, entry] of this.#held) {
      if (this.#held.size <= this.#limits.maxEntries && this.#bytes <= this.#limits.maxBytes) return;
      this.#forget(key, entry);
    }
  }
}

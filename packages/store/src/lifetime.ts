/** What was opened one after the other, closed in the opposite order. */
export class Lifetime implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = [];

  /** Closes this, too. */
  use<Resource extends AsyncDisposable | Disposable>(resource: Resource): Resource {
    this.defer(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  defer(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Closes everything once; where something does not close, the rest is closed all the same. @throws the first failure */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

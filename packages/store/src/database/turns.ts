/** Lets one action run at a time, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the action does. */
  take<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action, action);
    // A failure is its caller's alone.
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Takes lines of JSON, each with its end; a stream will do. */
export interface LineTarget {
  write(line: string): void;
}

/** A turn of the event loop brings hardly more; what it does is written at once. Characters. */
const maxWaiting = 64 * 1024;

/**
 * Lines of a server's log. Those of requests are written together once in a turn of the event loop: under load the writing of single lines
 * takes as long as the answers they tell of. Everything else is written at once, after what came before it.
 */
export class LogLines implements LineTarget {
  readonly #target: LineTarget;
  #waiting = '';

  constructor(target: LineTarget) {
    this.#target = target;
  }

  write(line: string): void {
    this.#flush();
    this.#target.write(line);
  }

  writeSoon(line: string): void {
    if (this.#waiting === '') setImmediate(() => this.#flush());
    this.#waiting += line;
    if (this.#waiting.length >= maxWaiting) this.#flush();
  }

  #flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#target.write(text);
  }
}

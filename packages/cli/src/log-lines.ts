/** A turn of the event loop brings hardly more; what it does is written at once. Characters. */
const maxWaiting = 64 * 1024;

/** pino writes its lines beginning with their level: those of `info`, one for each request, may wait. */
const isRoutine = (line: string): boolean => line.startsWith('{"level":30,');

/**
 * Lines of a server's log, written together once in a turn of the event loop: under load the writing of single lines takes as long as the
 * answers they tell of. Warnings and errors are written at once, after what came before them.
 */
export class LogLines {
  readonly #write: (text: string) => void;
  #waiting = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  write(line: string): void {
    if (this.#waiting === '') setImmediate(() => this.#flush());
    this.#waiting += line;
    if (this.#waiting.length >= maxWaiting || !isRoutine(line)) this.#flush();
  }

  #flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#write(text);
  }
}

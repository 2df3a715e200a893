import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export interface GateLimits {
  /** Bytes of a message's body; a longer one is passed on without its body. */
  readonly maxBodyBytes: number;
  /** Bytes of a message's header fields; a message with longer ones is dropped whole: it cannot even be answered. */
  readonly maxFieldBytes: number;
  /** Bytes of the authentication's lines. */
  readonly maxGreetingBytes: number;
}

const fixedHeaderBytes = 16;
const bodyLengthAt = 4;
const fieldsLengthAt = 12;
const littleEndian = 'l'.charCodeAt(0);
const endOfGreeting = 'BEGIN\r\n';

/**
 * The socket of a message bus, with every message bounded before anything reads it (D-Bus Specification 0.43, "Message
 * Format"). The bus lets anybody send 128 MiB: what is too long is skipped while it streams in, never held in memory. A
 * message without its body still has its signature, so that its reader can tell and answer.
 */
export class MessageGate extends Duplex {
  readonly #socket: Socket;
  readonly #limits: GateLimits;
  #isGreeting = true;
  #greetingBytes = 0;
  #pending: Buffer = Buffer.alloc(0);
  #skipBytes = 0;
  #isHeld = false;
  #isWanted = false;

  constructor(socket: Socket, limits: GateLimits) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#limits = limits;
    socket.pause();
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Stops reading, or goes on: what the bus sends meanwhile waits with the bus. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#flow();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#flow();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#isGreeting && chunk.includes(endOfGreeting)) this.#isGreeting = false;
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #flow(): void {
    if (this.#isWanted && !this.#isHeld) this.#socket.resume();
    else this.#socket.pause();
  }

  #take(chunk: Buffer): void {
    if (this.#isGreeting) {
      this.#greetingBytes += chunk.length;
      if (this.#greetingBytes > this.#limits.maxGreetingBytes)
        this.destroy(new Error('The bus greets without end'));
      else this.#pass(chunk);
      return;
    }
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#takeMessage());
  }

  /** Passes on, or begins to skip, what is next in `#pending`; false when that is not whole yet. */
  #takeMessage(): boolean {
    if (this.#skipBytes > 0) {
      const skipped = Math.min(this.#skipBytes, this.#pending.length);
      this.#skipBytes -= skipped;
      this.#pending = this.#pending.subarray(skipped);
      if (this.#skipBytes > 0) return false;
    }
    if (this.#pending.length < fixedHeaderBytes) return false;
    const isLittle = this.#pending[0] === littleEndian;
    const lengthAt = (at: number): number =>
      isLittle ? this.#pending.readUInt32LE(at) : this.#pending.readUInt32BE(at);
    const bodyBytes = lengthAt(bodyLengthAt);
    const fieldBytes = lengthAt(fieldsLengthAt);
    const headBytes = fixedHeaderBytes + Math.ceil(fieldBytes / 8) * 8;
    if (fieldBytes > this.#limits.maxFieldBytes) {
      this.#skipBytes = headBytes + bodyBytes;
      return true;
    }
    const isTooLong = bodyBytes > this.#limits.maxBodyBytes;
    const wanted = isTooLong ? headBytes : headBytes + bodyBytes;
    if (this.#pending.length < wanted) return false;
    const message = Buffer.from(this.#pending.subarray(0, wanted));
    this.#pending = this.#pending.subarray(wanted);
    if (isTooLong) {
      message.writeUInt32LE(0, bodyLengthAt);
      this.#skipBytes = bodyBytes;
    }
    this.#pass(message);
    return true;
  }

  #pass(bytes: Buffer): void {
    this.#isWanted = this.push(bytes);
    this.#flow();
  }
}

import { randomFillSync } from 'node:crypto';

const idBytes = 8;
const pool = Buffer.alloc(idBytes * 1024);
let used = pool.length;

/** 16 hexadecimal digits, by which a request is found in the log: unique enough for that, and they tell nothing of how many there were. */
export function requestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  return pool.toString('hex', used - idBytes, used);
}

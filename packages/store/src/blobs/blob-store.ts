import type { Readable } from 'node:stream';

/** What a blob is: its bytes name it. */
export interface BlobFacts {
  /** Lowercase hex. */
  readonly sha256: string;
  readonly size: number;
}

export interface StoredBlob extends BlobFacts {
  /** When it was put last; putting it again renews it. */
  readonly storedAt: Date;
}

/** Inclusive offsets. */
export interface BlobRange {
  readonly first: number;
  readonly last: number;
}

/** A blob opened for reading: however long that takes, its bytes stay the same. */
export interface OpenBlob {
  readonly size: number;
  /** Its bytes, or some of them; ends with an error where they cannot all be had. One stream at most. */
  read(range?: BlobRange): Readable;
  /** To be called where `read` was not; a stream closes by itself when it ends or is destroyed. */
  close(): Promise<void>;
}

/** Bytes that came in and were hashed on the way, in a file of their own, not yet stored. */
export interface ReceivedBlob extends BlobFacts, AsyncDisposable {
  /** Whole, and nobody else's: what is judged here is what `keep` stores. */
  readonly path: string;
  /**
   * Stores it under its digest; durable when it resolves. Where it is stored already, nothing but its age changes.
   * Disposing without it leaves nothing behind.
   * @throws {StoreError} BLOB_STORE_UNAVAILABLE | STORAGE_FULL
   */
  keep(): Promise<void>;
}

export interface ReceiveBounds {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where the store's bytes lie, named by their SHA-256: packages, images, installers. Half a blob is never seen by
 * anybody, and what was stored never changes. Any number of processes may share one.
 */
export interface BlobStore extends AsyncDisposable {
  /** For logs and messages; no credentials in it. */
  readonly place: string;
  /** Pieces of uploads that are under way. */
  readonly parts: PartStore;
  /**
   * Takes bytes in from a stream, within bounds.
   * @throws {StoreError} PACKAGE_TOO_LARGE | STORAGE_FULL, and whatever the source throws
   */
  receive(source: AsyncIterable<Uint8Array>, bounds: ReceiveBounds): Promise<ReceivedBlob>;
  /** Stores bytes at hand. @throws {StoreError} BLOB_STORE_UNAVAILABLE | STORAGE_FULL */
  put(bytes: Uint8Array): Promise<BlobFacts>;
  /** undefined = it is not here. @throws {StoreError} BLOB_STORE_UNAVAILABLE */
  open(sha256: string): Promise<OpenBlob | undefined>;
  /** @throws {StoreError} BLOB_STORE_UNAVAILABLE */
  stat(sha256: string): Promise<StoredBlob | undefined>;
  /** Nothing happens where there is none. @throws {StoreError} BLOB_STORE_UNAVAILABLE */
  delete(sha256: string): Promise<void>;
  /** All of them, in no order. @throws {StoreError} BLOB_STORE_UNAVAILABLE */
  list(): AsyncIterable<StoredBlob>;
  /** Resolves where blobs can be reached. @throws {StoreError} BLOB_STORE_UNAVAILABLE */
  assertUsable(): Promise<void>;
}

/** A piece of an upload. */
export interface StoredPart {
  readonly upload: string;
  readonly number: number;
  readonly size: number;
  readonly storedAt: Date;
}

/** Pieces of uploads, put by whichever process received them, so that any process can go on with an upload. */
export interface PartStore {
  /** Durable when it resolves; replaces one of that number. @param upload letters, digits, `-` and `_` */
  put(upload: string, number: number, bytes: Uint8Array): Promise<void>;
  /** undefined = there is none of that number. */
  open(upload: string, number: number): Promise<OpenBlob | undefined>;
  /** Those of one upload in order of their numbers, or of all uploads in no order. */
  list(upload?: string): AsyncIterable<StoredPart>;
  /** Removes all pieces of an upload. */
  delete(upload: string): Promise<void>;
}

/** Everything that a check can find wrong. */
export type FindingCode =
  /** A row refers to bytes that are not there. */
  | 'BLOB_MISSING'
  /** Bytes are not those of their digest. */
  | 'BLOB_CHANGED'
  /** No row refers to these bytes. */
  | 'BLOB_ORPHANED'
  /** An upload's time is over, and it is still there. */
  | 'UPLOAD_EXPIRED'
  /** An upload lacks a piece that it counts. */
  | 'UPLOAD_PART_MISSING'
  /** Pieces of an upload that is not there. */
  | 'UPLOAD_PARTS_ORPHANED'
  /** The audit log is not what was put down. */
  | 'AUDIT_BROKEN'
  /** What is offered of a plugin is not what can be. */
  | 'OFFERS_WRONG'
  /** A plugin is not found by its words, or words are of no plugin. */
  | 'WORDS_WRONG'
  /** A row refers to one that is not there, or the database's file is damaged. */
  | 'DATABASE_DAMAGED';

export interface Finding {
  readonly code: FindingCode;
  /** What it is about, e.g. a digest or a plugin's id. */
  readonly subject: string;
  readonly message: string;
  readonly repaired: boolean;
}

/** What a refusal is about; decides the outer codes (docs/verification.md, "Order of checks"). */
export type ErrorKind =
  | 'internal'
  | 'structure'
  | 'certificate'
  | 'signature'
  | 'same-version'
  | 'older-version';

/** Jami's install result codes, as its D-Bus call returns them. */
export const resultCodeOf: Readonly<Record<ErrorKind, number>> = {
  internal: -1,
  structure: 500,
  certificate: 400,
  signature: 300,
  'same-version': 100,
  'older-version': 200,
};

export interface ErrorRow {
  readonly kind: ErrorKind;
  /** HTTP status when the code ends a request. */
  readonly status: number;
  readonly title: string;
}

import { type Static, Type } from 'typebox';

/** RFC 9457 problem details, with the exact code every refusal of this project carries. */
export const Problem = Type.Object({
  type: Type.String({ description: 'urn:jpl:error:<CODE>' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'A sentence a user understands' }),
  code: Type.String({ description: 'Exact reason in UPPER_SNAKE_CASE' }),
  /** Jami's outer result code, where the call has one. */
  resultCode: Type.Optional(Type.Integer()),
  /** Parameter of the address that is wrong. */
  parameter: Type.Optional(Type.String()),
  /** Archive entry concerned. */
  entry: Type.Optional(Type.String()),
  /** Subject of the certificate concerned. */
  certificate: Type.Optional(Type.String()),
});
export type Problem = Static<typeof Problem>;

export const problemMediaType = 'application/problem+json';

import { LoadedComponent } from '@jami-plugin-store/contract';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { maxNameLength, maxRegistrations } from './registration-bounds.js';

/** A longer line is not the host's. */
const maxLineBytes = 64 * 1024;

/** What a library handed over or asked for so far. */
export const Registrations = Type.Object({
  components: Type.Array(LoadedComponent, { maxItems: maxRegistrations }),
  factories: Type.Array(Type.String({ maxLength: maxNameLength }), { maxItems: maxRegistrations }),
  refusedServices: Type.Array(Type.String({ maxLength: maxNameLength }), { maxItems: maxRegistrations }),
});
export type Registrations = Static<typeof Registrations>;

export const nothingRegistered: Registrations = { components: [], factories: [], refusedServices: [] };

const LoadFailureCode = Type.Enum([
  'LIBRARY_NOT_OPENED',
  'LIBRARY_WITHOUT_ENTRY',
  'LIBRARY_REFUSED',
  'LIBRARY_ABI_UNSUPPORTED',
]);
export type LoadFailureCode = Static<typeof LoadFailureCode>;

/**
 * One line of JSON from the process of a library, which the library itself can write to: everything is checked, nothing said
 * is more than a claim about that library.
 */
const HostMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready') }),
  Type.Object({ type: Type.Literal('registered'), registrations: Registrations }),
  Type.Object({ type: Type.Literal('loaded') }),
  Type.Object({
    type: Type.Literal('failed'),
    code: LoadFailureCode,
    reason: Type.String({ maxLength: 4096 }),
  }),
  Type.Object({ type: Type.Literal('unloaded') }),
]);
export type HostMessage = Static<typeof HostMessage>;

/** One line of JSON to the process of a library. */
export type HostOrder = { readonly type: 'load'; readonly library: string } | { readonly type: 'unload' };

const check = Compile(HostMessage);

/** Undefined for a line that is no message. */
export function parseHostMessage(line: string): HostMessage | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return check.Check(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Cuts a stream of bytes into lines; `tooLong` once for a line without end. */
export class LineCutter {
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): string[] | 'tooLong' {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      if (end - start > maxLineBytes) return 'tooLong';
      lines.push(bytes.toString('utf8', start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    return this.#rest.length > maxLineBytes ? 'tooLong' : lines;
  }
}

import { SaxesParser } from 'saxes';

/** An answer of S3 is XML of a few kilobytes; a listing has at most a thousand names. */
export const maxAnswerBytes = 4 * 1024 * 1024;

/** The texts of an answer's elements by their names, repeated ones in order. @throws Error where it is no XML */
export function textsOf(
  xml: string,
  repeated: string,
): { all: Map<string, string>; each: Map<string, string>[] } {
  const all = new Map<string, string>();
  const each: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  let text = '';
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('An answer of S3 has no document type');
  });
  parser.on('opentag', ({ name }) => {
    text = '';
    if (name === repeated) {
      current = new Map();
      each.push(current);
    }
  });
  parser.on('text', (part) => {
    text += part;
  });
  parser.on('closetag', ({ name }) => {
    if (name === repeated) current = undefined;
    else (current ?? all).set(name, text);
    text = '';
  });
  parser.write(xml).close();
  return { all, each };
}

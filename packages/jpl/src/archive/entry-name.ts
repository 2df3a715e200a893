import type { LimitErrorCode, NameErrorCode } from '../error.js';
import type { ArchiveLimits } from './archive.js';
import { maxComponentBytes } from './limits.js';

export interface NameProblem {
  readonly code: NameErrorCode | LimitErrorCode;
  readonly reason: string;
}

const forbiddenOnWindows = /[<>:"|?*]/;
const control = /\p{Cc}/u;
const bidiControl = /\p{Bidi_Control}/u;
// HFS+ ignores most of these when it compares names; Cygwin and SMB turn private-use characters into `:` or `\`.
const invisible =
  /[\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
// Win32 "Naming Files": devices stay devices with any extension, and with spaces before it.
const device = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9]|lpt[0-9]) *(\..*)?$/i;
// An 8.3 alias (`PROGRA~1.TXT`) opens a file of another name.
const shortAlias = /^(?=[^.]{1,8}(\.|$))[^.]*~[0-9]+(\.[^.]{0,3})?$/;

/**
 * Says why a name cannot mean one and the same file on every system and in every reader.
 * @param name  decoded entry name; a directory's ends with `/`
 */
export function entryNameProblem(
  name: string,
  limits: Pick<ArchiveLimits, 'maxNameBytes' | 'maxDepth'>,
): NameProblem | undefined {
  if (name === '') return { code: 'NAME_EMPTY', reason: 'an entry has no name' };
  if (Buffer.byteLength(name) > limits.maxNameBytes) {
    return { code: 'NAME_TOO_LONG', reason: `its name is longer than ${limits.maxNameBytes} bytes` };
  }
  const isPlain = plainPath.test(name);
  const problem = isPlain ? undefined : characterProblem(name);
  if (problem !== undefined) return problem;
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) {
    return { code: 'NAME_ABSOLUTE', reason: 'its name is an absolute path' };
  }
  if (!isPlain && forbiddenOnWindows.test(name)) {
    return { code: 'NAME_FORBIDDEN_CHARACTER', reason: 'its name holds one of < > : " | ? *' };
  }
  if (!isPlain && name.normalize('NFC') !== name) {
    // libarchive composes names as it reads them, others leave them as they are.
    return { code: 'NAME_NOT_CANONICAL', reason: 'its name is not in composed form (Unicode NFC)' };
  }
  const components = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  if (components.length > limits.maxDepth) {
    return { code: 'NAME_TOO_DEEP', reason: `it lies deeper than ${limits.maxDepth} folders` };
  }
  return firstComponentProblem(components);
}

/** The form under which two parts of a path are one on some disk: compatibility-normalised and case-folded. */
export function foldName(name: string): string {
  if (plain.test(name)) return name.toLowerCase();
  let folded = name;
  for (let round = 0; round < maxFoldRounds; round += 1) {
    // Lower case first: the capital sharp s has a small form, and only that one becomes "ss".
    const next = folded.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
    if (next === folded) break;
    folded = next;
  }
  return folded;
}

// Every single character is stable after one round; more are for what composition brings together.
const maxFoldRounds = 4;
const plain = /^[A-Za-z0-9._-]+$/;
const plainPath = /^[A-Za-z0-9._/-]+$/;

function characterProblem(name: string): NameProblem | undefined {
  if (name.includes('\\')) {
    return { code: 'NAME_BACKSLASH', reason: 'its name holds a backslash, a separator on Windows' };
  }
  if (control.test(name)) {
    return { code: 'NAME_CONTROL_CHARACTER', reason: 'its name holds a control character' };
  }
  if (bidiControl.test(name)) {
    return { code: 'NAME_BIDI_CHARACTER', reason: 'its name holds a character that reverses text' };
  }
  if (invisible.test(name)) {
    return { code: 'NAME_INVISIBLE_CHARACTER', reason: 'its name holds an invisible or private character' };
  }
  return undefined;
}

function firstComponentProblem(components: readonly string[]): NameProblem | undefined {
  if (components[0]?.toLowerCase() === '__macosx') {
    // libarchive on macOS hides these and merges them into other entries.
    return { code: 'NAME_RESOURCE_FORK', reason: '__MACOSX is not shown by every reader' };
  }
  for (const component of components) {
    const problem = componentProblem(component);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function componentProblem(component: string): NameProblem | undefined {
  // Best-fit conversion of full-width and ligature forms can make separators and dots appear.
  const compatible = plain.test(component) ? component : component.normalize('NFKC');
  // One character can become eighteen: what is compared with other names stays bounded too.
  if (Math.max(Buffer.byteLength(component), Buffer.byteLength(compatible)) > maxComponentBytes) {
    return {
      code: 'NAME_COMPONENT_TOO_LONG',
      reason: `a part of its name is longer than ${maxComponentBytes} bytes`,
    };
  }
  if (component === '..' || compatible === '..') {
    return { code: 'NAME_TRAVERSAL', reason: 'its name leaves the folder (..)' };
  }
  if (component === '' || compatible === '.' || /[/\\]/.test(compatible)) {
    return { code: 'NAME_NOT_CANONICAL', reason: 'its name has an empty part, "." or a disguised separator' };
  }
  if (/[. ]$/.test(component)) {
    return { code: 'NAME_TRAILING_DOT_OR_SPACE', reason: 'a part of its name ends with a dot or a space' };
  }
  if (/;[0-9]*$/.test(component)) {
    return { code: 'NAME_NOT_CANONICAL', reason: `"${component}" loses its end, a VMS version, in Info-ZIP` };
  }
  if (device.test(compatible)) {
    return { code: 'NAME_DEVICE', reason: `"${component}" is a device on Windows` };
  }
  if (shortAlias.test(compatible)) {
    return { code: 'NAME_SHORT_ALIAS', reason: `"${component}" can be the short name of another file` };
  }
  return undefined;
}

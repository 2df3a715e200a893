import type { NameErrorCode } from '../error.js';
import { foldName } from './entry-name.js';

interface Node {
  /** Path as first written, without a trailing slash. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  /** False for a folder known only as part of other names. */
  listed: boolean;
}

export interface CollisionProblem {
  readonly code: Extract<NameErrorCode, 'DUPLICATE_NAME' | 'NAME_COLLISION' | 'FILE_FOLDER_COLLISION'>;
  readonly reason: string;
}

/** The names taken so far, compared as the most forgetful disk would. */
export class NameTree {
  readonly #nodes = new Map<string, Node>();

  /** Takes a name with all the folders it lies in, or says with what it collides. */
  add(name: string, kind: 'file' | 'directory'): CollisionProblem | undefined {
    const path = name.endsWith('/') ? name.slice(0, -1) : name;
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const problem = this.#take({ path: path.slice(0, slash), kind: 'directory', listed: false });
      if (problem !== undefined) return problem;
    }
    return this.#take({ path, kind, listed: true });
  }

  #take(node: Node): CollisionProblem | undefined {
    const folded = foldName(node.path);
    const taken = this.#nodes.get(folded);
    if (taken === undefined) {
      this.#nodes.set(folded, node);
      return undefined;
    }
    if (taken.kind !== node.kind) {
      return { code: 'FILE_FOLDER_COLLISION', reason: `"${node.path}" is both a file and a folder` };
    }
    if (taken.path !== node.path) {
      return {
        code: 'NAME_COLLISION',
        reason: `"${taken.path}" and "${node.path}" are one name where case or Unicode form do not count`,
      };
    }
    if (taken.listed && node.listed) {
      return { code: 'DUPLICATE_NAME', reason: `"${node.path}" is in the archive twice` };
    }
    taken.listed ||= node.listed;
    return undefined;
  }
}

import type { LimitErrorCode, NameErrorCode } from '../error.js';
import { foldName } from './entry-name.js';

interface Node {
  readonly id: number;
  /** Last part of the path, as first written. */
  readonly component: string;
  readonly kind: 'file' | 'directory';
  /** False for a folder known only as part of other names. */
  listed: boolean;
}

export interface CollisionProblem {
  readonly code:
    | Extract<NameErrorCode, 'DUPLICATE_NAME' | 'NAME_COLLISION' | 'FILE_FOLDER_COLLISION'>
    | Extract<LimitErrorCode, 'TOO_MANY_ENTRIES'>;
  readonly reason: string;
}

/** The names taken so far, compared part by part as the most forgetful disk would. */
export class NameTree {
  /** Keyed by the parent's id and the folded part, so that deep and long names cost no more than their length. */
  readonly #nodes = new Map<string, Node>();
  readonly #maxFolders: number;
  #folders = 0;

  /** @param maxFolders  listed or only named by what lies in them: each costs memory here and a place on the disk */
  constructor(maxFolders: number) {
    this.#maxFolders = maxFolders;
  }

  /** Takes a name with all the folders it lies in, or says with what it collides. */
  add(name: string, kind: 'file' | 'directory'): CollisionProblem | undefined {
    const components = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
    let parent = 0;
    for (const [depth, component] of components.entries()) {
      const isListed = depth === components.length - 1;
      const key = `${parent}/${foldName(component)}`;
      const taken = this.#nodes.get(key);
      if (taken === undefined) {
        const id = this.#nodes.size + 1;
        const taking = isListed ? kind : 'directory';
        if (taking === 'directory' && ++this.#folders > this.#maxFolders) return this.#tooMany();
        this.#nodes.set(key, { id, component, kind: taking, listed: isListed });
        parent = id;
        continue;
      }
      const problem = collision(taken, component, isListed ? kind : 'directory', isListed);
      if (problem !== undefined) return problem;
      taken.listed ||= isListed;
      parent = taken.id;
    }
    return undefined;
  }

  #tooMany(): CollisionProblem {
    return { code: 'TOO_MANY_ENTRIES', reason: `the names lie in more than ${this.#maxFolders} folders` };
  }
}

function collision(
  taken: Node,
  component: string,
  kind: Node['kind'],
  isListed: boolean,
): CollisionProblem | undefined {
  if (taken.kind !== kind) {
    return { code: 'FILE_FOLDER_COLLISION', reason: `"${component}" is both a file and a folder` };
  }
  if (taken.component !== component) {
    return {
      code: 'NAME_COLLISION',
      reason: `"${taken.component}" and "${component}" are one name where case or Unicode form do not count`,
    };
  }
  if (taken.listed && isListed) {
    return { code: 'DUPLICATE_NAME', reason: `"${component}" is there twice` };
  }
  return undefined;
}

import { entryNameProblem } from '../archive/entry-name.js';
import { quote } from '../archive/header-fields.js';
import { defaultArchiveLimits } from '../archive/limits.js';
import { JplError } from '../error.js';

const form = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/;

/** True for an id that is a safe folder name everywhere and a safe key in every table. */
export function isPluginId(id: string): boolean {
  if (!form.test(id) || id in Object.prototype || id === 'prototype') return false;
  // An id is a folder name: no device, trailing dot or space, or short alias of another.
  return entryNameProblem(id, defaultArchiveLimits) === undefined;
}

/** @throws {JplError} PLUGIN_ID_INVALID */
export function assertPluginId(id: string): void {
  if (isPluginId(id)) return;
  throw new JplError('PLUGIN_ID_INVALID', `${quote(id)} cannot be the id of a plugin.`);
}

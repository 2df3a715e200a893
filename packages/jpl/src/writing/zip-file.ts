/** On its own, so that it can be loaded when a package is written: whoever only reads packages has no use for it. */
export { ZipFile } from 'yazl';

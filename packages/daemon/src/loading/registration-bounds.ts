/**
 * How many of each kind a library may register, and characters of a name. Apart from the schemas that use them: the process
 * that only holds a library needs none, and starts four times as fast without.
 */
export const maxRegistrations = 64;
export const maxNameLength = 128;

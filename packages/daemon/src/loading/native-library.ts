import koffi from 'koffi';
import type { LoadFailureCode, Registrations } from './load-protocol.js';
import { maxNameLength, maxRegistrations } from './registration-bounds.js';

/** docs/architecture.md, "Native library": the one layout this host speaks, and the calls it knows. */
const hostAbi = 1;
const hostApi = 3;
const success = 0;
const failure = -1;

const Version = koffi.struct('JamiPluginVersion', { abi: 'uint32', api: 'uint32' });
const HostCall = koffi.proto('JamiPluginHostCall', 'int32', ['void *', 'const char *', 'void *']);
const Api = koffi.struct('JamiPluginApi', {
  version: Version,
  context: 'void *',
  registerObjectFactory: koffi.pointer(HostCall),
  invokeService: koffi.pointer(HostCall),
  manageComponent: koffi.pointer(HostCall),
});
const Exit = koffi.proto('JamiPluginExit', 'void', []);

const managers: ReadonlySet<string> = new Set([
  'CallMediaHandlerManager',
  'ChatHandlerManager',
  'PreferenceHandlerManager',
  'WebViewHandlerManager',
]);

export interface NativeLibrary {
  /** Calls the library's exit function and closes it. */
  close(): void;
}

export interface NativeLoadFailure {
  readonly code: LoadFailureCode;
  readonly reason: string;
}

/**
 * Opens a plugin's library and calls its entry. Runs the library's code: only for a process of its own.
 * @param onRegistered told of every new registration, also of those that come after the entry has returned
 */
export function openNativeLibrary(
  path: string,
  onRegistered: (registrations: Registrations) => void,
): NativeLibrary | NativeLoadFailure {
  const host = new HostCalls(onRegistered);
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load(path);
  } catch (error) {
    return { code: 'LIBRARY_NOT_OPENED', reason: messageOf(error) };
  }
  let init: (api: unknown) => bigint | null;
  try {
    init = library.func('JAMI_dynPluginInit', 'void *', [koffi.pointer(Api)]);
  } catch (error) {
    return { code: 'LIBRARY_WITHOUT_ENTRY', reason: messageOf(error) };
  }
  const exit = init(host.api);
  if (exit === null || exit === 0n)
    return { code: 'LIBRARY_REFUSED', reason: 'its entry returned no exit function' };
  const close = (): void => {
    koffi.call(exit, Exit);
    library.unload();
  };
  if (host.foreignAbi === undefined) return { close };
  close();
  return {
    code: 'LIBRARY_ABI_UNSUPPORTED',
    reason: `it is made for ABI ${host.foreignAbi}; this host has ${hostAbi}`,
  };
}

/** The three calls a library may make, each answered at once and remembered. */
class HostCalls {
  readonly api: unknown;
  /** ABI of an object factory that is not this host's. */
  foreignAbi: number | undefined;
  readonly #registrations: Registrations = { components: [], factories: [], refusedServices: [] };
  readonly #onRegistered: (registrations: Registrations) => void;

  constructor(onRegistered: (registrations: Registrations) => void) {
    this.#onRegistered = onRegistered;
    this.api = koffi.alloc(Api, 1);
    koffi.encode(this.api, Api, {
      version: { abi: hostAbi, api: hostApi },
      context: null,
      registerObjectFactory: answeredBy((name, data) => this.#registerObjectFactory(name, data)),
      invokeService: answeredBy((name) => this.#invokeService(name)),
      manageComponent: answeredBy((name, data) => this.#manageComponent(name, data)),
    });
  }

  #registerObjectFactory(name: string, factory: bigint): number {
    // A factory begins with the version pair it was compiled for.
    const { abi } = koffi.decode(factory, Version) as { abi: number };
    if (abi !== hostAbi) {
      this.foreignAbi = abi;
      return failure;
    }
    return this.#remember(this.#registrations.factories, name);
  }

  /** Services hand C++ objects across, which this host cannot make. */
  #invokeService(name: string): number {
    this.#remember(this.#registrations.refusedServices, name);
    return failure;
  }

  #manageComponent(manager: string, component: bigint): number {
    if (!managers.has(manager)) return failure;
    const { components } = this.#registrations;
    const id = component.toString();
    if (components.some((known) => known.manager === manager && known.id === id)) return failure;
    if (components.length >= maxRegistrations) return failure;
    components.push({ manager, id });
    this.#onRegistered(this.#registrations);
    return success;
  }

  #remember(names: string[], name: string): number {
    if (names.includes(name)) return success;
    if (names.length >= maxRegistrations) return failure;
    names.push(name);
    this.#onRegistered(this.#registrations);
    return success;
  }
}

/** A C function for the library. No error of ours may unwind through its frames. */
function answeredBy(answer: (name: string, data: bigint) => number): bigint {
  return koffi.register((_api: unknown, name: string | null, data: bigint | null) => {
    if (name === null || name === '') return failure;
    try {
      return answer(plain(name), data ?? 0n);
    } catch {
      return failure;
    }
  }, koffi.pointer(HostCall));
}

function plain(name: string): string {
  return name.slice(0, maxNameLength).replace(/[^\x20-\x7e]/g, '?');
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2048);
}

import type { Message } from 'dbus-native';
import { CallRefusal } from './call-refusal.js';
import { introspectionXml } from './introspection.js';
import { type InterfaceShape, type MethodShape, signatureOf } from './plugin-manager-interface.js';
import { introspectable, peer, properties } from './standard-interfaces.js';

// The guard has compared the signatures before a handler sees a value: what each one takes is what its shape says.
type Handler = (...args: never[]) => Promise<unknown>;

export interface ServedInterface {
  readonly shape: InterfaceShape;
  readonly handlers: Readonly<Record<string, Handler>>;
}

interface Answer {
  readonly signature: string;
  readonly body: readonly unknown[];
}

export interface ObjectTree {
  /**
   * Answers one method call.
   * @throws {CallRefusal} UnknownObject | UnknownInterface | UnknownMethod | InvalidArgs | LimitsExceeded, and those of handlers
   */
  answer(call: Message): Promise<Answer>;
}

/**
 * One object with one interface of ours, and the standard interfaces of D-Bus on it and on the nodes above it (D-Bus
 * Specification 0.43, "Standard Interfaces"). No call reaches a handler before its signature is exactly the handler's.
 */
export function objectTree(
  path: string,
  served: ServedInterface,
  machineId: () => Promise<string>,
): ObjectTree {
  const peers = peerInterface(machineId);
  const nodes = new Map<string, readonly ServedInterface[]>();
  const shapes = [served.shape, properties, introspectable, peer];
  nodes.set(path, [served, propertiesOf(served.shape), introspection(introspectionXml(shapes)), peers]);
  for (let child = path; child !== '/'; ) {
    const cut = child.lastIndexOf('/');
    const parent = child.slice(0, cut) || '/';
    const xml = introspectionXml([introspectable, peer], [child.slice(cut + 1)]);
    nodes.set(parent, [introspection(xml), peers]);
    child = parent;
  }
  return {
    answer: async (call) => {
      // Peer asks of the program, not of an object: any path will do.
      const interfaces = nodes.get(call.path ?? '') ?? (call.interface === peer.name ? [peers] : undefined);
      if (interfaces === undefined)
        throw new CallRefusal('UnknownObject', `There is no object ${shown(call.path)}.`);
      const { name, shape, handler } = methodOf(interfaces, call);
      guardSignature(name, shape, call);
      const result = await handler(...((call.body ?? []) as never[]));
      return { signature: signatureOf(shape.out), body: shape.out.length === 0 ? [] : [result] };
    },
  };
}

function methodOf(
  interfaces: readonly ServedInterface[],
  call: Message,
): { name: string; shape: MethodShape; handler: Handler } {
  const name = call.member ?? '';
  // A call may leave its interface out.
  const meant = interfaces.filter(
    ({ shape }) => call.interface === undefined || call.interface === shape.name,
  );
  if (meant.length === 0)
    throw new CallRefusal(
      'UnknownInterface',
      `${shown(call.path)} has no interface ${shown(call.interface)}.`,
    );
  for (const { shape, handlers } of meant) {
    if (!Object.hasOwn(shape.methods, name)) continue;
    const [method, handler] = [shape.methods[name], handlers[name]];
    if (method !== undefined && handler !== undefined) return { name, shape: method, handler };
  }
  throw new CallRefusal('UnknownMethod', `${shown(call.path)} has no method ${shown(name)}.`);
}

function guardSignature(name: string, shape: MethodShape, call: Message): void {
  const [wanted, given] = [signatureOf(shape.in), call.signature ?? ''];
  if (wanted !== given)
    throw new CallRefusal('InvalidArgs', `${name} takes (${wanted}), not (${given.slice(0, 64)}).`);
  // The gate lets a body that is too long go, and keeps its signature.
  if (wanted !== '' && call.body === undefined)
    throw new CallRefusal('LimitsExceeded', `The arguments of ${name} are longer than the daemon reads.`);
}

function introspection(xml: string): ServedInterface {
  return { shape: introspectable, handlers: { Introspect: async () => xml } };
}

function peerInterface(machineId: () => Promise<string>): ServedInterface {
  return { shape: peer, handlers: { Ping: async () => undefined, GetMachineId: machineId } };
}

/** The interface has no properties; asking is answered as D-Bus expects. */
function propertiesOf(shape: InterfaceShape): ServedInterface {
  const none = async (name: string, property: string): Promise<never> => {
    assertKnown(name);
    throw new CallRefusal('UnknownProperty', `${name} has no property ${shown(property)}.`);
  };
  const assertKnown = (name: string): void => {
    if (![shape.name, introspectable.name, peer.name, properties.name].includes(name))
      throw new CallRefusal('UnknownInterface', `There is no interface ${shown(name)}.`);
  };
  const all = async (name: string): Promise<unknown[]> => {
    // An empty name asks for those of all interfaces.
    if (name !== '') assertKnown(name);
    return [];
  };
  return { shape: properties, handlers: { Get: none, Set: none, GetAll: all } };
}

/** A caller's text in an answer: as much of it as helps. */
function shown(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 128));
}

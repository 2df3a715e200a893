import type { Argument, InterfaceShape } from './plugin-manager-interface.js';

const doctype =
  '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n' +
  ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">';

/** D-Bus Specification 0.43, "Introspection Data Format". Names are names of D-Bus: none needs escaping. */
export function introspectionXml(
  interfaces: readonly InterfaceShape[],
  children: readonly string[] = [],
): string {
  const lines = [
    ...interfaces.flatMap(interfaceLines),
    ...children.map((name) => `  <node name="${name}"/>`),
  ];
  return [doctype, '<node>', ...lines, '</node>', ''].join('\n');
}

function interfaceLines({ name, methods, signals }: InterfaceShape): string[] {
  const direct = (direction: string) => (argument: Argument) => argumentLine(argument, direction);
  return [
    `  <interface name="${name}">`,
    ...Object.entries(methods).flatMap(([member, shape]) =>
      memberLines('method', member, [...shape.in.map(direct('in')), ...shape.out.map(direct('out'))]),
    ),
    ...Object.entries(signals).flatMap(([member, args]) =>
      memberLines(
        'signal',
        member,
        args.map((argument) => argumentLine(argument)),
      ),
    ),
    '  </interface>',
  ];
}

function memberLines(kind: string, name: string, args: readonly string[]): string[] {
  if (args.length === 0) return [`    <${kind} name="${name}"/>`];
  return [`    <${kind} name="${name}">`, ...args, `    </${kind}>`];
}

function argumentLine([name, type]: Argument, direction?: string): string {
  const directed = direction === undefined ? '' : ` direction="${direction}"`;
  return `      <arg name="${name}" type="${type}"${directed}/>`;
}

import type { Message } from 'dbus-native';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallRefusal } from './call-refusal.js';
import { introspectionXml } from './introspection.js';
import { objectTree } from './object-tree.js';
import {
  pluginManagerInterface as face,
  pluginManagerPath as path,
  signatureOf,
} from './plugin-manager-interface.js';

const reached: { name: string; args: unknown[] }[] = [];
const handlers = Object.fromEntries(
  Object.keys(face.methods).map((name) => [
    name,
    async (...args: unknown[]) => {
      reached.push({ name, args });
      return 'answer';
    },
  ]),
);
const tree = objectTree(path, { shape: face, handlers }, async () => '0'.repeat(32));
const methods = Object.entries(face.methods);

describe('the guard', () => {
  it.each(methods)('lets the right arguments of %s through', async (name, shape) => {
    reached.length = 0;
    const body = shape.in.map(([, type]) => (type === 'b' ? true : 'text'));
    const signature = signatureOf(shape.in);
    const call: Message = { path, interface: face.name, member: name };
    const answer = await tree.answer(signature === '' ? call : { ...call, signature, body });
    expect(reached).toEqual([{ name, args: body }]);
    expect(answer.signature).toBe(signatureOf(shape.out));
    expect(answer.body).toHaveLength(shape.out.length);
  });

  it('lets nothing else through, whatever a call says', async () => {
    const word = fc.constantFrom(
      ...[...Object.keys(face.methods).slice(0, 6), '__proto__', 'constructor', 'toString', 'valueOf', ''],
      ...[face.name, 'org.freedesktop.DBus.Peer', 'org.freedesktop.DBus.Properties', 'Ping', 'Get', 'GetAll'],
    );
    const call = fc.record(
      {
        path: fc.oneof(fc.constantFrom(path, '/', '/cx', `${path}/x`, '/x'), fc.string()),
        interface: fc.oneof(word, fc.string()),
        member: fc.oneof(word, fc.string()),
        signature: fc.oneof(
          fc.constantFrom('', 's', 'ss', 'sb', 'ssss', 'b', 'as', 'a{ss}', 'v'),
          fc.string(),
        ),
        body: fc.array(fc.anything(), { maxLength: 5 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(call, async (message) => {
        reached.length = 0;
        const refusal = await tree.answer(message as Message).catch((error: unknown) => error);
        if (refusal instanceof Error) {
          expect(refusal).toBeInstanceOf(CallRefusal);
          expect(reached).toEqual([]);
          return;
        }
        for (const { name } of reached) {
          const shape = methods.find(([known]) => known === name)?.[1];
          expect(message).toMatchObject({ path, member: name });
          expect(message.interface ?? face.name).toBe(face.name);
          expect(message.signature ?? '').toBe(signatureOf(shape?.in ?? []));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells a body that was let go from one of the wrong types', async () => {
    const call: Message = { path, interface: face.name, member: 'loadPlugin' };
    const refusal = (message: Message) => tree.answer(message).catch((error: CallRefusal) => error.errorName);
    expect(await refusal({ ...call, signature: 's' })).toBe('org.freedesktop.DBus.Error.LimitsExceeded');
    expect(await refusal({ ...call, signature: 'ss' })).toBe('org.freedesktop.DBus.Error.InvalidArgs');
    expect(await refusal(call)).toBe('org.freedesktop.DBus.Error.InvalidArgs');
  });
});

describe('introspectionXml', () => {
  it('writes methods, signals and nodes', () => {
    const shape = {
      name: 'a.B',
      methods: { Do: { in: [['what', 's']], out: [['done', 'b']] }, Rest: { in: [], out: [] } },
      signals: { Done: [['what', 's']] },
    } as const;
    expect(introspectionXml([shape], ['child']).split('\n').slice(2)).toEqual([
      '<node>',
      '  <interface name="a.B">',
      '    <method name="Do">',
      '      <arg name="what" type="s" direction="in"/>',
      '      <arg name="done" type="b" direction="out"/>',
      '    </method>',
      '    <method name="Rest"/>',
      '    <signal name="Done">',
      '      <arg name="what" type="s"/>',
      '    </signal>',
      '  </interface>',
      '  <node name="child"/>',
      '</node>',
      '',
    ]);
  });
});

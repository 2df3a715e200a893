import type { InterfaceShape } from './plugin-manager-interface.js';

/** D-Bus Specification 0.43, "Standard Interfaces": what every object answers. */
export const introspectable = {
  name: 'org.freedesktop.DBus.Introspectable',
  methods: { Introspect: { in: [], out: [['xml', 's']] } },
  signals: {},
} as const satisfies InterfaceShape;

export const peer = {
  name: 'org.freedesktop.DBus.Peer',
  methods: {
    Ping: { in: [], out: [] },
    GetMachineId: { in: [], out: [['machineId', 's']] },
  },
  signals: {},
} as const satisfies InterfaceShape;

export const properties = {
  name: 'org.freedesktop.DBus.Properties',
  methods: {
    Get: {
      in: [
        ['interface', 's'],
        ['property', 's'],
      ],
      out: [['value', 'v']],
    },
    GetAll: { in: [['interface', 's']], out: [['properties', 'a{sv}']] },
    Set: {
      in: [
        ['interface', 's'],
        ['property', 's'],
        ['value', 'v'],
      ],
      out: [],
    },
  },
  signals: {
    PropertiesChanged: [
      ['interface', 's'],
      ['changed', 'a{sv}'],
      ['invalidated', 'as'],
    ],
  },
} as const satisfies InterfaceShape;

import { describe, expect, it } from 'vitest';
import { sessionBusSockets } from './bus-address.js';

describe('sessionBusSockets', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['a path', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus,guid=0af' }, ['/run/user/1000/bus']],
    ['an abstract name', { DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=/tmp/dbus-x' }, ['\0/tmp/dbus-x']],
    [
      'escaped bytes, and an equals sign',
      { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/a%20b%2c%c3%a9=c' },
      ['/a b,é=c'],
    ],
    [
      'several, others than Unix sockets among them',
      { DBUS_SESSION_BUS_ADDRESS: 'tcp:host=x,port=1;unix:path=/one;unixexec:path=sh;unix:path=/two' },
      ['/one', '/two'],
    ],
    [
      'the runtime directory, said so',
      { DBUS_SESSION_BUS_ADDRESS: 'unix:runtime=yes', XDG_RUNTIME_DIR: '/run/u' },
      ['/run/u/bus'],
    ],
    ['the runtime directory, unsaid', { XDG_RUNTIME_DIR: '/run/u' }, ['/run/u/bus']],
    ['an empty address', { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '/run/u' }, ['/run/u/bus']],
  ])('reads %s', (_what, env, sockets) => {
    expect(sessionBusSockets(env)).toEqual(sockets);
  });

  it.each([
    ['nothing at all', {}],
    ['a bus over TCP', { DBUS_SESSION_BUS_ADDRESS: 'tcp:host=localhost,port=4711' }],
    ['a program as a bus', { DBUS_SESSION_BUS_ADDRESS: 'unixexec:path=/bin/sh' }],
    ['a bad escape', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=%zz' }],
    ['no value', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=' }],
    ['nonsense', { DBUS_SESSION_BUS_ADDRESS: 'autolaunch:' }],
  ])('refuses %s', (_what, env) => {
    expect(() => sessionBusSockets(env)).toThrow(expect.objectContaining({ code: 'DBUS_UNAVAILABLE' }));
  });
});

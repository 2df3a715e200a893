import { readFile } from 'node:fs/promises';

const files = ['/var/lib/dbus/machine-id', '/etc/machine-id'];
const form = /^[0-9a-f]{32}$/;

/**
 * The machine's D-Bus id (D-Bus Specification 0.43, "org.freedesktop.DBus.Peer").
 * @throws {Error} where the machine has none
 */
export async function readMachineId(): Promise<string> {
  for (const file of files) {
    const id = (await readFile(file, 'utf8').catch(() => '')).trim();
    if (form.test(id)) return id;
  }
  throw new Error('This machine has no D-Bus machine id.');
}

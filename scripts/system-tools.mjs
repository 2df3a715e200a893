/**
 * Programs that tests hold this project against. Only openssl is needed; a test that wants another says so and is skipped.
 * In CI (as root on Debian) all of them are installed, so that nothing is skipped there; elsewhere only what is needed.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './setup.mjs';

const packageOf = {
  openssl: 'openssl',
  bsdtar: 'libarchive-tools',
  zip: 'zip',
  certtool: 'gnutls-bin',
  ocsptool: 'gnutls-bin',
  'dbus-daemon': 'dbus',
  busctl: 'systemd',
  gdbus: 'libglib2.0-bin',
  psql: 'postgresql',
  chromium: 'chromium',
};

/** @throws where openssl is missing and cannot be installed */
export async function installTools() {
  const missing = Object.keys(packageOf).filter((program) => !isInstalled(program));
  const wanted = process.env.CI ? missing : missing.filter((program) => program === 'openssl');
  if (wanted.length > 0) await installPackages(wanted.map((program) => packageOf[program]));
  if (!isInstalled('openssl')) {
    throw new Error(
      'The tests need the openssl command: it makes the certificates they are held against. Install it and try again.',
    );
  }
}

/** Installs Debian packages where that can be done; elsewhere it says nothing, and whoever needs them does. */
export async function installPackages(names) {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) return;
  const packages = [...new Set(names)];
  process.stderr.write(`installing ${packages.join(', ')} for the tests…\n`);
  const quiet = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  try {
    await run('apt-get', ['update', '-q'], quiet);
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], quiet);
  } catch (error) {
    process.stderr.write(`not installed: ${error.message}\n`);
  }
}

export function isInstalled(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, process.platform === 'win32' ? `${program}.exe` : program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pluginRequest, type Scratch, scratch } from './authority-fixtures.js';
import { connectAuthority } from './connect-authority.js';
import { createAdminServer } from './http/admin-server.js';
import { initAuthority } from './init-authority.js';
import { openAuthority } from './open-authority.js';
import { startChild, startChildOnFullDisk } from './process-fixtures.js';

let files: Scratch;
let dir: string;
const clock = (): Date => new Date();

beforeEach(async () => {
  files = await scratch();
  dir = join(files.dir, 'ca');
  await initAuthority({ dir, name: 'Root', baseUrl: 'http://ca.example', clock });
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
});

async function issueMany(count: number): Promise<{ issuer: string; serials: string[] }> {
  await using authority = await openAuthority({ dir, clock });
  const { keyId } = await authority.createOrganization({ commonName: 'Acme' });
  const serials: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { serialNumber } = await authority.issuePlugin(await pluginRequest(), { issuer: keyId });
    serials.push(serialNumber);
  }
  return { issuer: keyId, serials };
}

describe('killed at any instant', () => {
  it('nothing that was acknowledged is lost: revocations', async () => {
    const { issuer, serials } = await issueMany(12);
    for (const after of [1, 3, 6]) {
      await using child = startChild('revoke', dir, ...serials);
      await child.wrote(1 + after);
      await child.kill();
      const acknowledged = child.lines.slice(1);
      await using authority = await openAuthority({ dir, clock });
      const { certificates } = await authority.listCertificates({ state: 'revoked' });
      const revoked = new Set(certificates.map(({ serialNumber }) => serialNumber));
      expect(acknowledged.filter((serial) => !revoked.has(serial))).toEqual([]);
      expect((await authority.crl(issuer)).revoked).toBe(revoked.size);
    }
  });

  it('nothing that was acknowledged is lost: certificates', async () => {
    for (const after of [2]) {
      await using child = startChild('issue', dir, '50');
      await child.wrote(1 + after);
      await child.kill();
      await using authority = await openAuthority({ dir, clock });
      for (const fingerprint of child.lines.slice(1)) {
        const { keyId } = await authority.findCertificate(fingerprint);
        await authority.issuePlugin(await pluginRequest(), { issuer: keyId });
      }
    }
  });

  it('its folder is free at once', async () => {
    await using child = startChild('hold', dir);
    await child.wrote(1);
    await expect(openAuthority({ dir, clock })).rejects.toMatchObject({ code: 'AUTHORITY_BUSY' });
    await child.kill();
    await (await openAuthority({ dir, clock }))[Symbol.asyncDispose]();
  });
});

describe('on a full disk', () => {
  it('nothing is acknowledged that was not written, and nothing is damaged', async () => {
    await using child = startChildOnFullDisk(12, 'issue', dir, '50');
    await child.ended();
    const [opened, ...steps] = child.lines;
    expect(opened).toBe('open');
    expect(steps.at(-1)).toBe('LEDGER_NOT_WRITABLE');
    expect(steps.length).toBeGreaterThan(1);
    await using authority = await openAuthority({ dir, clock });
    for (const fingerprint of steps.slice(0, -1)) await authority.findCertificate(fingerprint);
    await authority.createOrganization({ commonName: 'Room again' });
  });
});

describe('two processes', () => {
  it('work one after the other, and neither loses what the other did', async () => {
    const children = [startChild('issue', dir, '5'), startChild('issue', dir, '5')];
    await Promise.all(children.map((child) => child.ended()));
    const fingerprints = children.flatMap(({ lines }) => lines.slice(1));
    expect(fingerprints).toHaveLength(10);
    await using authority = await openAuthority({ dir, clock });
    for (const fingerprint of fingerprints) await authority.findCertificate(fingerprint);
  });

  it('share one authority through its server', async () => {
    await using authority = await openAuthority({ dir, clock });
    await using server = createAdminServer(authority);
    await server.listen();
    const children = [startChild('issue', dir, '3'), startChild('issue', dir, '3')];
    await Promise.all(children.map((child) => child.ended()));
    expect(children.flatMap(({ lines }) => lines.slice(1))).toHaveLength(6);
    const { certificates } = await authority.listCertificates({ kind: 'organization' });
    expect(certificates).toHaveLength(6);
  });

  it('are told so when the other neither serves nor ends', async () => {
    await using _holder = await openAuthority({ dir, clock });
    const connecting = connectAuthority({ dir, clock, patienceMs: 100 });
    await expect(connecting).rejects.toMatchObject({ code: 'AUTHORITY_BUSY' });
  });
});

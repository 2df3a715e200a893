import { open } from 'node:fs/promises';
import { resultCodeOf } from '@jami-plugin-store/contract';
import { JplError } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import { describe, expect, it } from 'vitest';
import { DaemonError, type DaemonErrorCode, daemonErrorTable } from './error.js';
import { errorOutcome, typedError } from './error-outcome.js';

describe('errorOutcome', () => {
  it('has a row for each code of the daemon', () => {
    for (const [code, row] of Object.entries(daemonErrorTable)) {
      const error = new DaemonError(code as DaemonErrorCode, 'Because.');
      const outcome = errorOutcome(error);
      expect(outcome).toMatchObject({ code, message: 'Because.', resultCode: resultCodeOf[row.kind], row });
      expect(row.status).toBeGreaterThanOrEqual(400);
      expect(row.title).toMatch(/^[A-Z].*[^.]$/);
    }
  });

  it.each([
    [new JplError('NOT_A_ZIP', 'x'), 500],
    [new JplError('FILE_NOT_FOUND', 'x'), -1],
    [new JplError('CERTIFICATE_MISSING', 'x'), 400],
    [new JplError('ENTRY_NOT_SIGNED', 'x', { entry: 'a' }), 300],
    [new JplError('PLATFORM_UNSUPPORTED', 'x'), 500],
    [new TrustError('CERTIFICATE_EXPIRED', 'x', { certificate: 'CN=A' }), 400],
    [new TrustError('OCSP_TIMEOUT', 'x'), 400],
    [new TrustError('SIGNATURE_INVALID', 'x', { entry: 'a' }), 300],
  ])('gives %s its outer code', (error, resultCode) => {
    expect(errorOutcome(error)).toMatchObject({ code: error.code, resultCode, entry: error.entry });
  });

  it('lets certificates through to the face', () => {
    const error = new TrustError('CERTIFICATE_EXPIRED', 'x', { certificate: 'CN=A' });
    expect(errorOutcome(error).certificate).toBe('CN=A');
  });
});

describe('typedError', () => {
  it('gives errors of the file system their own code and keeps them as cause', async () => {
    const error = await open('/dev/null/x').catch((cause: unknown) => cause);
    expect(typedError(error)).toMatchObject({ code: 'IO_ERROR', path: '/dev/null/x', cause: error });
    expect(typedError(error).message).toBe('The disk could not be read or written at /dev/null/x (ENOTDIR).');
  });

  it('calls everything else a defect, by name', () => {
    for (const error of [
      new TypeError('x is not a function'),
      Object.assign(new Error('no'), { code: 'ERR_X' }),
      'text',
    ])
      expect(typedError(error)).toMatchObject({ name: 'DaemonError', code: 'INTERNAL_ERROR', cause: error });
    expect(typedError(new TypeError('x is not a function')).message).toContain(
      'TypeError: x is not a function',
    );
  });

  it('knows an abort', () => {
    expect(typedError(AbortSignal.abort().reason)).toMatchObject({ code: 'INSTALL_CANCELLED' });
  });
});

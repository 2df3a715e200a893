import { describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import { isFinding, isJudgedFor, makeFinding, notAsked, notOffered } from './finding.js';

const certificate = { fingerprint: 'ab' } as Certificate;

describe('findings', () => {
  it('are known by who made them, not by their shape', () => {
    const made = makeFinding({ certificate, status: 'good', source: 'ocsp' });
    expect(isFinding(made)).toBe(true);
    expect(isFinding({ ...made })).toBe(false);
    expect(isFinding(structuredClone({ status: 'good', source: 'ocsp' }))).toBe(false);
    expect(isFinding(Object.create(made))).toBe(false);
    expect(isFinding(new Proxy(made, {}))).toBe(false);
  });

  it.each([null, undefined, 'good', 1, () => 'good'])('%s is not a finding', (value) => {
    expect(isFinding(value)).toBe(false);
  });

  it('cannot be turned from revoked to good afterwards', () => {
    const made = makeFinding({ certificate, status: 'revoked', source: 'crl' });
    expect(() => Object.assign(made, { status: 'good' })).toThrow(TypeError);
    expect(made.status).toBe('revoked');
  });

  it('are of one instant and of one issuer', () => {
    const at = new Date('2026-11-22T12:00:00Z');
    const issuer = { fingerprint: 'cd' } as Certificate;
    const made = makeFinding({ certificate, status: 'good', source: 'ocsp' }, { issuer, at });
    expect(isJudgedFor(made, { issuer, at: new Date(at) })).toBe(true);
    at.setHours(at.getHours() + 1);
    expect(isJudgedFor(made, { issuer, at })).toBe(false);
    expect(isJudgedFor(made, { issuer: certificate, at: new Date('2026-11-22T12:00:00Z') })).toBe(false);
    expect(isJudgedFor({ ...made }, { issuer, at: new Date('2026-11-22T12:00:00Z') })).toBe(false);
  });

  it('say when nothing was offered or asked', () => {
    expect(notOffered(certificate)).toEqual({ certificate, status: 'not-offered', source: 'none' });
    expect(notAsked(certificate)).toEqual({ certificate, status: 'not-asked', source: 'none' });
    expect(isFinding(notOffered(certificate)) && isFinding(notAsked(certificate))).toBe(true);
  });
});

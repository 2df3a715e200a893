import type { AuditAction, CertificateRequestState } from '@jami-plugin-store/contract';
import type { AccessRole } from '../access/access-table.js';

/** A step in the life of something: from which states, by whom, whether a reason is needed, what is put down. */
export interface Transition<State extends string> {
  readonly from: readonly State[];
  readonly to: State;
  readonly roles: readonly (AccessRole | 'store')[];
  readonly needsReason: boolean;
  readonly action: AuditAction;
}

/** The life of a certificate request (docs/publishing.md has this table, and a test compares them). */
export const requestTransitions = {
  file: { from: [], to: 'open', roles: ['anyone', 'publisher'], needsReason: false, action: 'request-filed' },
  accept: {
    from: ['open'],
    to: 'accepted',
    roles: ['reviewer', 'operator'],
    needsReason: false,
    action: 'request-accepted',
  },
  decline: {
    from: ['open'],
    to: 'declined',
    roles: ['reviewer', 'operator'],
    needsReason: true,
    action: 'request-declined',
  },
  withdraw: {
    from: ['open'],
    to: 'withdrawn',
    roles: ['requester'],
    needsReason: false,
    action: 'request-withdrawn',
  },
} as const satisfies Readonly<Record<string, Transition<CertificateRequestState>>>;

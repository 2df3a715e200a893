import type { SubmissionState } from '@jami-plugin-store/contract';
import type { Transition } from './request-states.js';

/**
 * The life of a package that was handed in (docs/publishing.md has this table, and a test compares them). That a version was yanked, or
 * that a certificate has expired, changes what is offered and not the package's state.
 */
export const submissionTransitions = {
  submit: { from: [], to: 'review', roles: ['publisher'], needsReason: false, action: 'submitted' },
  /** An organization that is trusted, or the content of a published release under a renewed certificate. */
  publish: { from: [], to: 'published', roles: ['publisher'], needsReason: false, action: 'published' },
  accept: {
    from: ['review'],
    to: 'published',
    roles: ['reviewer', 'operator'],
    needsReason: false,
    action: 'published',
  },
  decline: {
    from: ['review'],
    to: 'declined',
    roles: ['reviewer', 'operator'],
    needsReason: true,
    action: 'declined',
  },
  withdraw: {
    from: ['review'],
    to: 'withdrawn',
    roles: ['publisher'],
    needsReason: false,
    action: 'withdrawn',
  },
  /** A certificate of its path may have been revoked: held back until its responder has said so or not. */
  suspend: { from: ['published'], to: 'suspended', roles: ['store'], needsReason: true, action: 'suspended' },
  resume: { from: ['suspended'], to: 'published', roles: ['store'], needsReason: false, action: 'resumed' },
  revoke: {
    from: ['review', 'published', 'suspended'],
    to: 'revoked',
    roles: ['store'],
    needsReason: true,
    action: 'revoked',
  },
} as const satisfies Readonly<Record<string, Transition<SubmissionState>>>;

/** The state of a package's row. */
export function submissionStateOf(row: {
  readonly state: 'review' | 'published' | 'declined' | 'withdrawn';
  readonly suspended_at: number | null;
  readonly revoked_at: number | null;
}): SubmissionState {
  if (row.revoked_at !== null) return 'revoked';
  return row.suspended_at !== null ? 'suspended' : row.state;
}

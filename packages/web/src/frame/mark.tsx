import { wideLobes } from '../look/lobes.js';

/** The mark: a plug in the seal. */
export function Mark() {
  return (
    <svg width="28" height="28" viewBox="0 0 24 24" aria-hidden="true">
      <path d={wideLobes} fill="var(--accent)" />
      <path
        d="M9.8 6.2v2.6M14.2 6.2v2.6M8 8.8h8v2.4a4 4 0 0 1-8 0ZM12 15.2v2.6"
        fill="none"
        stroke="var(--on-accent)"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

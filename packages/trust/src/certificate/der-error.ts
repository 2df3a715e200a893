/** What is wrong with an encoding. Never leaves the room: every doorway turns it into a TrustError. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

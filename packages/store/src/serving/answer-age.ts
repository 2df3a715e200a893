/** Requests that come together read the clock one after the other, and a clock is set back by a little now and then. Milliseconds. */
const slackMs = 60_000;

/** False for what was made after this instant: the clock was set back, and what has expired since then has not. */
export function isOfNow(since: number, at: number): boolean {
  return at >= since - slackMs;
}

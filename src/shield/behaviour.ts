/**
 * What a connection can do that costs this server something and its owner nothing, and what it costs of a budget. Points are
 * about 100 µs of work each. Coming, listening and asking for what is there cost nothing.
 */
export const costs = {
  /** What cannot be read as a request, or breaks HTTP's rules. */
  "bad-request": 2,
  /** A head or a body that did not come in time, though it had begun. */
  "slow-request": 4,
  /** Bytes that were asked for and not taken. */
  undrained: 4,
  /** A handshake that failed. */
  "failed-handshake": 2,
  /** A handshake that was done, and then nothing was asked. It is a millisecond, but browsers open some in advance. */
  "unused-handshake": 0.5,
  /** A request for what is not there or not allowed. Players err by a segment now and then. */
  refused: 0.05,
  /** A request beyond what a page and a player ask on one connection. */
  flood: 0.05,
  /** A connection that was answered and closed within a second. */
  brief: 0.05,
  /** One that never said anything until its time was over: browsers open some in advance. */
  spare: 0.05,
  /** One that was closed by its client before it had said anything. */
  left: 0.2,
  /** Coming again at once after having been refused. */
  persisted: 1,
} as const;
export type Misdeed = keyof typeof costs;

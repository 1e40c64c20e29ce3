/**
 * How long each phase of a connection may take, ms. The handshake's is in `handshakes.ts`, an endless response's in
 * `fan-out.ts`. With what it is looked for (`lookEveryMs`) a slow head is gone after 6 s, a slow body after 11 s.
 */
/** A request's head, from the connection's or the last answer's end. */
export const headWithinMs = 5000;
/** The whole of a request. */
export const requestWithinMs = 10_000;
/** How often heads and requests that are too slow are looked for. */
export const lookEveryMs = 1000;
/** For which bytes that a client is owed may wait without any of them being taken. */
export const undrainedMs = 10_000;

/** The most bytes a request's line and headers may have together. */
export const maxHeadBytes = 8 * 1024;

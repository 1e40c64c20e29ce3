import type { IncomingMessage } from "node:http";

/** Work at control by whose it is: that of hosts and speakers, or anybody's. */
export type WorkClass = "stage" | "other";

/** Whoever says when work at control may begin. */
export interface Turns {
  /**
   * Waits for its turn; throws a Problem when that would take too long, and the signal's reason when it is aborted.
   * @param from the address of whoever asks: no one's requests take the turns of all others
   * @param isRetry whether it was refused before
   */
  enter(of: WorkClass, from: string, signal: AbortSignal, isRetry: boolean): Promise<Turn>;
  /** The share of a class that is accepted now, above 0, at most 1. */
  share(of: WorkClass): number;
}
export interface Turn {
  /** It is over; `answered` when what it took tells how control is doing. */
  done(answered: boolean): void;
}

/** All at once: for an edge that limits only their number. */
export const noTurns: Turns = { enter: () => Promise.resolve({ done: () => {} }), share: () => 1 };

/**
 * Whose work a request is. Who may do it is control's to say; whoever shows nothing by which it could be known is no host
 * and no speaker. (A room's WebSocket says who comes only when it is open: all of them are the stage's.)
 */
export const workOf = ({ headers }: Pick<IncomingMessage, "headers">): WorkClass =>
  headers.authorization !== undefined || headers.cookie !== undefined ? "stage" : "other";

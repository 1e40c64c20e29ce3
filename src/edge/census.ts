/** Who is told of everybody that asks. Addresses are the clients' own, as far as proxies in front are believed. */
export interface Witness {
  /** Somebody sent a request. */
  asked(address: string): void;
  /** Somebody began an endless response; their request was told before. */
  joined(address: string): void;
}

/** What comes in, by what is asked for; numbers that only grow. Numbered segments on kept connections are counted beside. */
export interface Census {
  requests: number;
  pages: number;
  states: number;
  /** Live text and how a line stands: what those ask for who have no seat. */
  standing: number;
  playlists: number;
  inits: number;
  segments: number;
  api: number;
  replays: number;
  /** Endless responses that were refused because there were as many as there may be. */
  streamOverflow: number;
  /** Connections whose requests are answered without a parser from now on: the request in hand is counted again there. */
  keptTaken: number;
  /** Endless responses and kept connections that ended by their clients or were closed; those of them with fewer than three segments. */
  left: number;
  leftEarly: number;
}

export const newCensus = (): Census => ({
  requests: 0,
  pages: 0,
  states: 0,
  standing: 0,
  playlists: 0,
  inits: 0,
  segments: 0,
  api: 0,
  replays: 0,
  streamOverflow: 0,
  keptTaken: 0,
  left: 0,
  leftEarly: 0,
});

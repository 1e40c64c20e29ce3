import type { Socket } from "node:net";
import type { Channels } from "./channels.ts";
import { ownAddress, type Trust } from "./client-address.ts";
import type { KeptConnections } from "./kept-connections.ts";

export interface PlayingOptions {
  readonly channels: Channels;
  readonly kept: KeptConnections;
  /** Connections of Node's HTTP servers on which somebody seems to play. */
  readonly http: () => Iterable<Socket>;
  readonly trust: Trust;
}

/**
 * The addresses of everybody who plays now, one for each connection; undefined for those of whom it is not known, behind a proxy
 * that tells it with each request. Nothing is kept for it: it goes through all connections, and whoever asks may do so in pieces, while some come and go.
 */
export function* playing({ channels, kept, http, trust }: PlayingOptions): Generator<string | undefined> {
  for (const { fanOut } of channels.all()) for (const socket of fanOut.sockets()) yield ownAddress(socket, trust);
  yield* kept.addresses();
  for (const socket of http()) yield ownAddress(socket, trust);
}

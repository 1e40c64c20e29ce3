import type http from "node:http";
import type { BlockList } from "node:net";
import type { Clock } from "../foundation/clock.ts";
import type { Log } from "../foundation/log.ts";
import type { Meter } from "../foundation/meter.ts";
import type { Scope } from "../foundation/scope.ts";
import type { Adoption } from "./adoption.ts";
import type { AudienceReporter } from "./audience-reporter.ts";
import type { Witness } from "./census.ts";
import type { Trust } from "./client-address.ts";
import type { Directory, SpaceEntry } from "./directory.ts";
import type { Door } from "./door.ts";
import type { Farewell } from "./drain.ts";
import type { FeedTiming } from "./feed-follower.ts";
import type { Guard } from "./guard.ts";
import type { PushThresholds } from "./push-mode.ts";
import type { EdgeReading } from "./reading.ts";
import type { Levels } from "./service-level.ts";
import type { SecureOptions, SecureServer } from "./tls.ts";
import type { Turns } from "./turns.ts";

export interface EdgeOptions {
  /** What this edge is called in the audience report, for example `edge-1`. */
  readonly name: string;
  /** What it follows, in the order of preference: the path of the origin's Unix socket, or base URLs of other edges. */
  readonly upstreams: readonly string[];
  /** Control's Unix socket. @default control is reached through the edge that is followed */
  readonly control?: string | undefined;
  /** What this edge is called among edges; the workers of one machine share it. @default a random one */
  readonly id?: string | undefined;
  /** The installation's key: shown to edges above, and asked of edges below. @default no edge is let in */
  readonly key?: string | undefined;
  readonly feedTiming?: Partial<FeedTiming> | undefined;
  /** @default maxFeedReaders */
  readonly maxFeedReaders?: number | undefined;
  /** The folder of the built pages. */
  readonly web: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Ending it drains the edge (`drain.ts`). */
  readonly scope: Scope;
  /** Which proxies in front are believed. @default noTrust */
  readonly trust?: Trust;
  /** A second server, behind TLS. @default there is none */
  readonly tls?: SecureOptions | undefined;
  /** Says when requests may go to control. @default all at once, up to the caps */
  readonly turns?: Turns | undefined;
  /** What it measures of itself, as a level of service; what the whole is at is added. @default alwaysOpen */
  readonly levels?: Levels | undefined;
  /** Decides which connections may come. @default all may */
  readonly guard?: Guard | undefined;
  /** Who has to begin each connection with a PROXY protocol header. @default nobody */
  readonly proxyProtocol?: BlockList | undefined;
  /** Base URLs under which players reach this edge, told upward. @default [] */
  readonly urls?: readonly string[] | undefined;
  /** Asked when the scope ends: how it is to go. @default drains for drainMs, and nobody takes its place */
  readonly farewell?: () => Farewell;
  /** Makes who gives seats and places in line, by the clock that all edges share (ms since 1970). @default none: everybody may come in, at every level */
  readonly door?: ((now: () => number) => Door) | undefined;
  /** Told who asks. @default nobody is */
  readonly witness?: Witness | undefined;
  /** Told what becomes of each Space, with each of its segments. @default nobody is */
  readonly onSpace?: ((entry: SpaceEntry, isGone: boolean) => void) | undefined;
  readonly push?: PushThresholds;
  /** @default maxHeldRequests */
  readonly maxHeld?: number;
  /** Milliseconds. @default maxHeldMs */
  readonly heldMs?: number;
  /** @default maxApiRequests */
  readonly maxApi?: number;
  /** @default maxApiPerAddress */
  readonly maxApiPerAddress?: number;
  /** @default maxWebSockets */
  readonly maxWebSockets?: number;
  /** Milliseconds. @default defaultStallMs */
  readonly stallMs?: number;
  /** Milliseconds. @default undrainedMs, or stallMs where that is less */
  readonly undrainedMs?: number | undefined;
  /** Connections, and what is opened because of them, at once. @default as many as come */
  readonly maxConnections?: number | undefined;
}

/** An edge: HTTP servers that whoever made it lets listen. */
export interface Edge {
  readonly server: http.Server;
  /** The one behind TLS, if it was asked for. */
  readonly secure: SecureServer | undefined;
  readonly directory: Directory;
  /** What it tells upward of the audience; it takes the reports of edges below. */
  readonly reporter: AudienceReporter;
  /** Takes the listeners of the edge whose place this one has. */
  readonly adoption: Adoption;
  /** What its levels of service are found by: cheap, for every second and every newcomer. */
  load(): EdgeLoad;
  /** What it has counted and what there is: cheap, for every second. */
  reading(): EdgeReading;
  /** Listeners by Space, of both kinds. */
  listeners(): Map<string, number>;
  /** The addresses of everybody who plays now, as far as they are known; walks all connections. */
  playing(): Iterable<string | undefined>;
  /** What `/healthz` of the admin socket tells. */
  health(): EdgeHealth;
}

export interface EdgeLoad {
  /** Who plays now; and all connections, as of the last look. */
  readonly playing: number;
  readonly open: number;
  /** For how long the oldest chunk is on its way that not all who listen have been given, ms. */
  readonly behind: number;
  /** Bytes of sound since it began. */
  readonly sent: number;
}

export interface EdgeHealth {
  /** Whether the feed is connected and has told everything. */
  readonly origin: boolean;
  /** What it follows. */
  readonly upstream: string;
  /** Why that one was left last, if it has not been well since. */
  readonly trouble?: string | undefined;
  readonly spaces: number;
  readonly listeners: number;
}

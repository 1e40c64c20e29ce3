import type { IncomingMessage, ServerResponse } from "node:http";
import { epochMs, seconds } from "../foundation/duration.ts";
import { Problem, reason } from "../foundation/errors.ts";
import { closeServer, Link, listenUnix, notFound, readJson, sendJson, startNdjson } from "../foundation/link.ts";
import { Admission } from "../stage/admission.ts";
import { reachableAddresses } from "../stage/addresses.ts";
import { dataChannelDriver } from "../stage/peer.datachannel.ts";
import { weriftDriver } from "../stage/peer.werift.ts";
import type { PeerDriver } from "../stage/peer.ts";
import { readOffer } from "../stage/offer.ts";
import { maxOfferBytes, type Offer, offerSchema, type StageLine, stageSpecSchema } from "../wire/stages.ts";
import { validate } from "../wire/validate.ts";
import { type ProcessConfig, sockets } from "./config.ts";
import { stageMetrics } from "./stage/metrics.ts";
import { SpaceOnStage, type SpaceOnStageOptions } from "./stage/space-on-stage.ts";
import { VoiceRecordings } from "./stage/voices.ts";

/** The recordings: the same way up from `src/apps` and from `dist/apps` of an installed package. */
const voices = new URL("../../assets/voices/", import.meta.url);

/** An offer as JSON: every line end of it is written as four characters. */
const maxOfferBody = 3 * maxOfferBytes;

/** The stage process: speakers' media, mix-minus and the programme, behind the contract of `src/wire/stages.ts`. */
export async function runStage(config: ProcessConfig): Promise<void> {
  const { clock, log, meter, scope } = config;
  const spaces = new Map<string, SpaceOnStage>();
  const readers = new Set<(line: StageLine) => void>();
  const announce = (line: StageLine): void => {
    for (const write of readers) write(line);
  };
  const occupancy = (): { all: number; connecting: number; spaces: number } => {
    const each = [...spaces.values()].map((space) => space.stage.occupancy());
    const total = (of: (one: { all: number; connecting: number }) => number): number =>
      each.reduce((sum, one) => sum + of(one), 0);
    return { all: total((one) => one.all), connecting: total((one) => one.connecting), spaces: spaces.size };
  };
  const metrics = stageMetrics(meter, occupancy);
  const origin = new Link(sockets.origin(config.run));
  scope.onEnd(() => origin.close());
  const drivers = await openDrivers(config);
  const admission = new Admission(clock);
  const recordings = new VoiceRecordings(voices);

  const ports: SpaceOnStageOptions["ports"] = {
    clock,
    log,
    driver: (transport) => drivers[transport] ?? noTcp(),
    createDecoder: async () => (await import("libopus-wasm")).createDecoder({ channels: 1, sampleRate: 48_000 }),
    createEncoder: createSpeakerEncoder,
    recording: (name) => recordings.packets(name),
    admit: (stage) => {
      const { all, connecting } = occupancy();
      admission.admit({ inSpace: stage.occupancy().all, total: all, connecting });
    },
    onSession: (stage, session) => announce({ t: "session", space: stage.space, ...session }),
    onCounts: (counts) => metrics.packets(counts),
  };

  const put = async (id: string, request: IncomingMessage): Promise<void> => {
    const spec = validate(stageSpecSchema, await readJson(request));
    const epoch = epochMs(spec.epochMs);
    let space = spaces.get(id);
    if (space && space.epoch !== epoch) {
      spaces.delete(id);
      await space.end();
      space = undefined;
    }
    if (!space) {
      space = new SpaceOnStage({ id, epoch, clock, log, scope: scope.child(), origin, metrics, ports, announce });
      spaces.set(id, space);
    }
    space.apply(spec);
  };

  const remove = async (id: string): Promise<void> => {
    const space = spaces.get(id);
    if (!space) throw notFound(`The stage of ${id}`);
    spaces.delete(id);
    await space.end();
  };

  const open = async (id: string, request: IncomingMessage): Promise<unknown> => {
    try {
      const body = await readJson(request, maxOfferBody);
      return await stageOf(id).open(readOfferBody(body));
    } catch (failure) {
      if (failure instanceof Problem) metrics.refused(failure.code);
      throw failure;
    }
  };

  const stageOf = (id: string): SpaceOnStage["stage"] => {
    const space = spaces.get(id);
    if (!space) throw notFound(`The stage of ${id}`);
    return space.stage;
  };

  const follow = (response: ServerResponse): void => {
    const write = startNdjson(response);
    for (const { id, stage } of spaces.values())
      for (const session of stage.sessions()) write({ t: "session", space: id, ...session } satisfies StageLine);
    write({ t: "synced" } satisfies StageLine);
    readers.add(write);
    response.on("close", () => readers.delete(write));
  };

  const server = await listenUnix(
    sockets.stage(config.run),
    async (request, response) => {
      const path = new URL(request.url ?? "/", "http://stage").pathname;
      const [, id, session] = /^\/stages\/([a-z0-9-]{1,64})(?:\/sessions\/([0-9a-f-]{36}))?$/.exec(path) ?? [];
      const opened = /^\/stages\/([a-z0-9-]{1,64})\/sessions$/.exec(path)?.[1];
      const did = `${request.method} ${session ? "session" : id ? "stage" : opened ? "sessions" : path}`;
      switch (did) {
        case "PUT stage":
          await put(id ?? "", request);
          return void response.writeHead(204).end();
        case "DELETE stage":
          await remove(id ?? "");
          return void response.writeHead(204).end();
        case "POST sessions":
          return sendJson(response, 201, await open(opened ?? "", request));
        case "DELETE session":
          if (!stageOf(id ?? "").close(session ?? "")) throw notFound(`The session ${session}`);
          return void response.writeHead(204).end();
        case "GET /events":
          return follow(response);
        case "GET /healthz":
          return sendJson(response, 200, { ok: true, ...occupancy(), transports: Object.keys(drivers) });
        case "GET /metrics":
          return void response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(meter.expose());
        default:
          throw notFound(path);
      }
    },
    log,
  );
  scope.onEnd(() => closeServer(server));
  scope.every(seconds(1), () => {
    for (const space of spaces.values()) space.watch();
    announce({ t: "tick", now: clock.now() });
  });
  log.info("listening", { udp: config.udpPort, tcp: drivers.tcp ? config.iceTcpPort : null });
}

/** The media libraries and their ports. Without the TCP port the stage goes on over UDP alone. */
async function openDrivers(config: ProcessConfig): Promise<{ udp: PeerDriver; tcp?: PeerDriver }> {
  const { log, scope } = config;
  const addresses = (): readonly string[] => reachableAddresses(config.publicIps);
  const udp = await dataChannelDriver({ port: config.udpPort, addresses, log });
  scope.onEnd(() => udp.close());
  try {
    const tcp = await weriftDriver({ port: config.iceTcpPort, addresses, log });
    scope.onEnd(() => tcp.close());
    return { udp, tcp };
  } catch (failure) {
    log.warn("no-ice-tcp", { port: config.iceTcpPort, reason: reason(failure) });
    return { udp };
  }
}

const noTcp = (): never => {
  throw new Problem({
    status: 503,
    code: "no-ice-tcp",
    title: "This server takes no media over TCP",
    detail: "Its TCP port for media could not be opened.",
    action: "Offer UDP, or use a TURN server.",
  });
};

/** What speakers hear: speech, with in-band FEC for a tenth of the packets lost; low complexity, for it is made per speaker. */
const createSpeakerEncoder: SpaceOnStageOptions["ports"]["createEncoder"] = async () => {
  const { Application, createEncoder } = await import("libopus-wasm");
  return createEncoder({
    channels: 1,
    sampleRate: 48_000,
    application: Application.Voip,
    bitrate: 40_000,
    complexity: 4,
    fec: true,
    packetLossPercent: 10,
    dtx: false,
  });
};

/** An SDP that is too large is told so in its own words, before the shape of the body is looked at. */
function readOfferBody(body: unknown): Offer {
  const sdp = typeof body === "object" && body !== null && "sdp" in body ? body.sdp : undefined;
  if (typeof sdp === "string" && sdp.length > maxOfferBytes) readOffer(sdp);
  return validate(offerSchema, body);
}

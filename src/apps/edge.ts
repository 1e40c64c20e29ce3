import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Directory } from "../edge/directory.ts";
import { drainMs } from "../edge/drain.ts";
import { createEdge, type EdgeOptions } from "../edge/server.ts";
import { closeServer, listenUnix, notFound, sendJson, sendProblem } from "../foundation/link.ts";
import type { Scope } from "../foundation/scope.ts";
import type { Action } from "../exports/recommendations.ts";
import { openSecrets } from "../store/secrets.ts";
import { type ProcessConfig, sockets } from "./config.ts";
import { mostConnections, queuesOf } from "./edge/descriptors.ts";
import { makeDoor } from "./edge/door.ts";
import { makeShield, makeTurns } from "./edge/guard.ts";
import { measureLevels } from "./edge/levels.ts";
import { Ports } from "./edge/ports.ts";
import { exchangeSummaries } from "./edge/summaries.ts";
import { SuccessorOverPeers, takeSeats } from "./edge/succession.ts";
import type { Evidence } from "./edge/evidence.ts";
import type { Exports } from "./edge/exports.ts";
import { edgeKeyText } from "./edges/key.ts";
import { type FrontChoice, frontChoice, trustedRanges, trustOf } from "./serve/fronts.ts";
import { limitChoice, limitsOf } from "./serve/limits.ts";
import { version } from "./version.ts";

/** The built pages: the same way up from `src/apps` and from `dist/apps` of an installed package. */
const web = fileURLToPath(new URL("../../dist/web", import.meta.url));

/** The edge process: the public port, shared with the other edges, and an admin socket of its own. */
export async function runEdge(config: ProcessConfig, index: number): Promise<void> {
  const { run, host, port, clock, log, meter, scope, generation = 1, ending, peers, succeeds } = config;
  const successor = peers && new SuccessorOverPeers(peers);
  const choice = frontChoice({}, process.env);
  const follows = await followed(config);
  const number = generation === 1 ? `${index}` : `${index}.${generation}`;
  // A successor is another edge: both count what they have until the older one is gone.
  const name = `edge-${follows.id ? `${follows.id}-` : ""}${number}`;
  const evidence = await evidenceOf(config, choice, name, follows.key);
  // Without it what it costs can be measured.
  const isShielded = process.env["ROSTRA_SHIELD"] !== "0";
  const exports = isShielded
    ? await exportsOf(config, name, sockets.edge(run, index, generation), evidence)
    : undefined;
  const shield = isShielded ? makeShield(meter, follows.key, exports?.heard) : undefined;
  const limits = limitsOf(limitChoice({}, process.env), Number(process.env["ROSTRA_EDGES"] || 1), mostConnections());
  const measured = process.env["ROSTRA_LEVELS"] === "0" ? undefined : measureLevels(limits, config);
  const edge = await createEdge({
    name,
    ...follows,
    web,
    clock,
    log,
    meter,
    scope,
    farewell: () => ({
      window: ending?.drain ?? drainMs,
      serverStops: ending?.why === "stopped",
      successor: ending?.why === "replaced" && process.env["ROSTRA_HAND_OVER"] !== "0" ? successor : undefined,
    }),
    trust: trustOf(choice),
    proxyProtocol: choice.proxyProtocol ? trustedRanges(choice.trustedProxies) : undefined,
    tls: await tlsOf(config, choice),
    maxConnections: mostConnections(),
    guard: shield,
    levels: measured?.levels,
    door: makeDoor(meter, follows.key),
    turns: shield && makeTurns(meter, shield, clock, follows.key),
    witness: evidence?.witness,
    onSpace: evidence?.spaceChanged,
  });
  measured?.start(edge);
  evidence?.start(edge, shield?.counts, measured?.levels);
  if (shield) exports?.start(edge, shield);
  if (shield && peers) exchangeSummaries(shield, peers, scope);
  const admin = await listenUnix(
    sockets.edge(run, index, generation),
    (request, response) => {
      if (request.url === "/healthz") return sendJson(response, 200, { ok: true, ...edge.health() });
      if (request.url === "/shield")
        return sendJson(response, 200, { heavy: shield?.heavy() ?? [], exports: exports?.report });
      if (request.url?.startsWith("/playing?")) return void sendPlaying(response, edge.playing(), request.url);
      if (request.url !== "/metrics") return sendProblem(response, notFound(request.url ?? "/"));
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(meter.expose());
    },
    log,
  );
  scope.onEnd(() => closeServer(admin));
  if (succeeds) await directoryTold(edge.directory, scope);
  if (peers) takeSeats(peers, edge.adoption, log);
  const ports = new Ports({ log, peers, succeeds, queues: queuesOf() });
  await ports.open("http", edge.server, { host, port });
  if (!choice.tls || !edge.secure) return;
  await ports.open("https", edge.secure.server, { host, port: choice.tls.port });
  const { renewCertificate } = await import("./edge/tls.ts");
  await renewCertificate({ files: choice.tls, secure: edge.secure, clock, log, scope });
}

/** What an edge follows, and the key: of `rostra edge` as its supervisor says, of `rostra serve` what is on this machine. */
async function followed({ data, run, publicUrl }: ProcessConfig): Promise<Followed> {
  const upstreams = (process.env["ROSTRA_UPSTREAM"] ?? "").split(",").filter(Boolean);
  if (upstreams.length === 0) {
    const key = edgeKeyText(await openSecrets(data));
    return { upstreams: [sockets.origin(run)], control: sockets.control(run), key };
  }
  const key = process.env["ROSTRA_EDGE_KEY"];
  const id = process.env["ROSTRA_EDGE_ID"];
  return { upstreams, key, id, urls: publicUrl === undefined ? [] : [publicUrl] };
}

/** What is handed down of whom the shield refuses; nothing unless that is asked for. */
async function exportsOf(
  config: ProcessConfig,
  name: string,
  socket: string,
  evidence: Evidence | undefined,
): Promise<Exports | undefined> {
  if (!process.env["ROSTRA_EXPORTS"]) return undefined;
  const { actionBody, openExports } = await import("./edge/exports.ts");
  const onAction = (action: Action): void => evidence?.acted(...actionBody(action));
  return openExports({ ...config, name, socket, onAction }, process.env);
}

/** Who plays from where, for the other processes of this machine. */
async function sendPlaying(
  response: ServerResponse,
  addresses: Iterable<string | undefined>,
  url: string,
): Promise<void> {
  const { playingAnswer } = await import("./edge/playing-elsewhere.ts");
  sendJson(response, 200, await playingAnswer(addresses, new URL(url, "http://rostra").searchParams));
}

/** What is written down of this process; nothing when nobody wants that, or it cannot be: then the edge serves all the same. */
async function evidenceOf(
  config: ProcessConfig,
  choice: FrontChoice,
  name: string,
  shared = "",
): Promise<Evidence | undefined> {
  const { data, port, succeeds = false, generation = 1, ending, log } = config;
  if (process.env["ROSTRA_EVIDENCE"] === "0") return undefined;
  try {
    const { openEvidence } = await import("./edge/evidence.ts");
    return await openEvidence({
      ...config,
      secrets: await openSecrets(data),
      shared,
      process: name,
      begin: {
        version: await version(),
        succeeds,
        configuration: {
          port,
          generation,
          node: process.versions.node,
          tls: choice.tls !== undefined,
          trustedProxies: choice.trustedProxies.join(","),
          trustedHops: choice.trustedHops,
          upstream: process.env["ROSTRA_UPSTREAM"] ?? "here",
          maxConnections: mostConnections() ?? 0,
          maxListeners: process.env["ROSTRA_MAX_LISTENERS"] ?? "",
          egressLimit: process.env["ROSTRA_EGRESS_LIMIT"] ?? "",
        },
      },
      why: () => ending?.why ?? "stopped",
    });
  } catch (thrown) {
    log.warn("evidence-not-kept", { error: thrown });
    return undefined;
  }
}

type Followed = Pick<EdgeOptions, "upstreams" | "control" | "key" | "id" | "urls">;

/** A successor answers only once it knows every Space: what it does not know would be 404. */
async function directoryTold(directory: Directory, { signal }: Scope): Promise<void> {
  while (!directory.synced && !signal.aborted) await sleep(20);
}

/** Loaded when it is wanted: TLS is some megabytes of code. */
async function tlsOf({ data }: ProcessConfig, { tls }: FrontChoice): Promise<EdgeOptions["tls"]> {
  if (!tls) return undefined;
  const { secureOptions } = await import("./edge/tls.ts");
  return secureOptions(tls, await openSecrets(data));
}

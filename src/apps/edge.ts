import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { createEdge, type EdgeOptions } from "../edge/server.ts";
import { errno, Problem } from "../foundation/errors.ts";
import { closeServer, listenUnix, notFound, sendJson, sendProblem } from "../foundation/link.ts";
import { openSecrets } from "../store/secrets.ts";
import { type ProcessConfig, sockets } from "./config.ts";
import { edgeKeyText } from "./edges/key.ts";

/** The built pages: the same way up from `src/apps` and from `dist/apps` of an installed package. */
const web = fileURLToPath(new URL("../../dist/web", import.meta.url));

/** The edge process: the public port, shared with the other edges, and an admin socket of its own. */
export async function runEdge(config: ProcessConfig, index: number): Promise<void> {
  const { run, clock, log, meter, scope, generation = 1 } = config;
  const follows = await followed(config);
  const number = generation === 1 ? `${index}` : `${index}.${generation}`;
  const edge = await createEdge({
    // A successor is another edge: both count what they have until the older one is gone.
    name: `edge-${follows.id ? `${follows.id}-` : ""}${number}`,
    ...follows,
    web,
    clock,
    log,
    meter,
    scope,
    trust: { hops: trustedHops(process.env["ROSTRA_TRUSTED_HOPS"]) },
  });
  const admin = await listenUnix(
    sockets.edge(run, index, generation),
    (request, response) => {
      if (request.url === "/healthz") return sendJson(response, 200, { ok: true, ...edge.health() });
      if (request.url !== "/metrics") return sendProblem(response, notFound(request.url ?? "/"));
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(meter.expose());
    },
    log,
  );
  scope.onEnd(() => closeServer(admin));
  await listen(edge.server, config);
  log.info("listening", { host: config.host, port: config.port });
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

type Followed = Pick<EdgeOptions, "upstreams" | "control" | "key" | "id" | "urls">;

async function listen(server: Server, { host, port }: ProcessConfig): Promise<void> {
  try {
    await listenOn(server, { host, port, backlog: 4096, reusePort: true });
  } catch (failure) {
    // Where the system cannot share a port among processes, one edge has it alone.
    if (errno(failure) === "ENOTSUP") return listenOn(server, { host, port, backlog: 4096 });
    throw new Problem({
      status: 500,
      code: "port-not-available",
      title: "The public port cannot be opened",
      detail: `Listening on ${host}:${port} failed: ${errno(failure) ?? "unknown"}.`,
      action: "Give another port with PORT, or stop what uses this one.",
      cause: failure,
    });
  }
}

function listenOn(
  server: Server,
  options: { host: string; port: number; backlog: number; reusePort?: boolean },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(options, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

/** How many proxies in front of this server are believed; what is not a small number counts as none. */
const trustedHops = (text: string | undefined): number => (/^[0-9]$/.test(text ?? "") ? Number(text) : 0);

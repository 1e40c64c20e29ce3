import type http from "node:http";
import { nodeHttp } from "../../foundation/http.ts";
import { closeServer, listenUnix, sendJson, sendThrown } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Meter } from "../../foundation/meter.ts";
import type { Scope } from "../../foundation/scope.ts";
import { sockets } from "../config.ts";
import type { Child } from "./children.ts";
import { collectMetrics, type MetricsSource } from "./metrics.ts";
import type { Reload } from "./reload.ts";

export interface SupervisorSocketOptions {
  readonly run: string;
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly children: readonly Child[];
  readonly reload: Reload;
  readonly meter: Meter;
  readonly scope: Scope;
  readonly log: Log;
}

/** Metrics of all processes on the supervisor's Unix socket, and over TCP where that is wanted; `/reload` on the former alone. */
export async function serveSupervisor(options: SupervisorSocketOptions): Promise<void> {
  const { run, metrics, children, reload, meter, scope, log } = options;
  const read = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const text =
      request.url === "/metrics"
        ? await collectMetrics(sources(run, children), meter.expose())
        : request.url === "/healthz"
          ? "ok\n"
          : "";
    response.writeHead(text ? 200 : 404, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  };
  const server = await listenUnix(
    sockets.metrics(run),
    async (request, response) => {
      if (request.method !== "POST" || request.url !== "/reload") return read(request, response);
      sendJson(response, 200, await reload.run());
    },
    log,
  );
  scope.onEnd(() => closeServer(server));
  if (!metrics) return;
  const tcp = nodeHttp.createServer(
    (request, response) => void read(request, response).catch((thrown: unknown) => sendThrown(response, thrown, log)),
  );
  await new Promise<void>((resolve, reject) => tcp.once("error", reject).listen(metrics.port, metrics.host, resolve));
  scope.onEnd(() => closeServer(tcp));
}

const socketOf = (run: string, name: string): string =>
  name === "control" ? sockets.control(run) : name === "stage" ? sockets.stage(run) : sockets.origin(run);

/** Every process that may answer: also those that were replaced and still drain. */
const sources = (run: string, children: readonly Child[]): MetricsSource[] =>
  children.flatMap(({ spec, generation, leaving }) => {
    const [name = "", index] = spec.args;
    if (name !== "edge") return [{ name: spec.name, socketPath: socketOf(run, name) }];
    const edge = (n: number): string => sockets.edge(run, Number(index), n);
    const old = leaving.map(({ generation: n }) => ({ name: `${spec.name} leaving`, socketPath: edge(n) }));
    return [{ name: spec.name, socketPath: edge(generation) }, ...old];
  });

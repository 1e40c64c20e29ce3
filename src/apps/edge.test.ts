import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anchoredClock, newAnchor } from "../foundation/clock.ts";
import { Link } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { Meter } from "../foundation/meter.ts";
import { Scope } from "../foundation/scope.ts";
import { get } from "../edge/edge.test-server.ts";
import { TestOrigin } from "../edge/origin.test-server.ts";
import { type ProcessConfig, sockets } from "./config.ts";
import { runEdge } from "./edge.ts";

let run: string;
const scopes: Scope[] = [];

beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "edge-app-"));
});
afterEach(async () => {
  await Promise.all(scopes.splice(0).map((scope) => scope.end()));
  await rm(run, { recursive: true });
});

function config(port: number): ProcessConfig {
  const scope = new Scope();
  scopes.push(scope);
  return {
    data: run,
    run,
    port,
    host: "127.0.0.1",
    udpPort: 0,
    iceTcpPort: 0,
    publicIps: [],
    publicUrl: undefined,
    databaseUrl: undefined,
    clock: anchoredClock(newAnchor()),
    log: silentLog,
    meter: new Meter(),
    scope,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("ED-30 two edges share the public port, and each tells its metrics on its own socket", async () => {
  const port = await freePort();
  await Promise.all([runEdge(config(port), 1), runEdge(config(port), 2)]);
  const health = () => get({ host: "127.0.0.1", port, path: "/healthz", agent: false });
  expect((await health()).body.toString()).toBe("ok\n");
  for (const index of [1, 2]) {
    const link = new Link(sockets.edge(run, index));
    expect(await link.json({ path: "/healthz" })).toMatchObject({ ok: true, origin: false, spaces: 0, listeners: 0 });
    const metrics = await link.request({ path: "/metrics" });
    expect(metrics.body.toString()).toMatch(/^rostra_edge_listeners 0$/m);
    link.close();
  }
  await scopes[0]?.end();
  for (let i = 0; i < 8; i++) expect((await health()).status).toBe(200);
});

test("ED-30 a port that is taken is a problem with its address", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  await expect(runEdge(config(port), 1)).rejects.toMatchObject({
    code: "port-not-available",
    message: `Listening on 127.0.0.1:${port} failed: EADDRINUSE.`,
  });
  taken.close();
});

test("ED-68 a successor listens only once it knows every Space", async () => {
  const port = await freePort();
  const running = runEdge({ ...config(port), succeeds: true }, 1);
  // Its admin socket is there, and says that the origin is not.
  const link = new Link(sockets.edge(run, 1));
  await expect.poll(() => link.json({ path: "/healthz" }).catch(() => undefined)).toMatchObject({ origin: false });
  link.close();
  const asked = () => get({ host: "127.0.0.1", port, path: "/live/a/state.json", agent: false });
  await expect(asked()).rejects.toThrow("ECONNREFUSED");
  const origin = new TestOrigin(sockets.origin(run));
  origin.open("a", 10);
  await origin.start();
  await running;
  expect((await asked()).status).toBe(200);
  await scopes[0]?.end();
  await origin.die();
});

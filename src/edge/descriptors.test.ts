import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { Bystanders, type Played } from "./bystanders.test-clients.ts";
import { get, Listener, until } from "./edge.test-server.ts";
import { TestOrigin } from "./origin.test-server.ts";

const script = fileURLToPath(new URL("edge.test-child.ts", import.meta.url));
const descriptors = 160;

/** An edge that may have so many descriptors and no more. */
class PoorEdge implements Played, AsyncDisposable {
  readonly origin: TestOrigin;
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(origin: TestOrigin, port: number, folder: string, process_: ChildProcess) {
    this.origin = origin;
    this.port = port;
    this.#folder = folder;
    this.#process = process_;
  }

  static async start(most?: number): Promise<PoorEdge> {
    const folder = await mkdtemp(join(tmpdir(), "edge-poor-"));
    const origin = new TestOrigin(join(folder, "origin.sock"));
    await origin.start();
    origin.open("a", 10);
    const node = [process.execPath, script, origin.socketPath, ...(most === undefined ? [] : [String(most)])];
    const child = spawn("sh", ["-c", `ulimit -n ${descriptors}; exec "$0" "$@"`, ...node], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    const edge = new PoorEdge(origin, port, folder, child);
    while ((await edge.state()) !== 200) await sleep(20);
    return edge;
  }

  stream(path: string): Listener {
    return this.connect(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
  }

  connect(request = ""): Listener {
    return new Listener(connect({ host: "127.0.0.1", port: this.port }), request);
  }

  async state(): Promise<number> {
    const answer = get({ host: "127.0.0.1", port: this.port, path: livePaths.state("a"), agent: false });
    return (await answer.catch(() => undefined))?.status ?? 0;
  }

  /** A metric, and how busy its loop was since this was asked last. */
  async tell(name: string): Promise<{ readonly value: number; readonly utilization: number }> {
    this.#process.send({});
    const [told] = (await once(this.#process, "message")) as [{ metrics: string; utilization: number }];
    const line = new RegExp(`^${name} (\\S+)$`, "m").exec(told.metrics);
    return { value: Number(line?.[1]), utilization: told.utilization };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
    await this.origin.die();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const connections = "rostra_edge_connections";

test(
  "ED-103 below its descriptors an edge closes who is too many, and those who play have all they need",
  { timeout: 30_000 },
  async () => {
    await using edge = await PoorEdge.start(80);
    await using playing = new Bystanders(edge);
    await playing.haveAll();
    const crowd = Array.from({ length: 2 * descriptors }, () => edge.connect());
    await until(
      () => crowd.filter(({ closed, ended }) => closed || ended).length >= 2 * descriptors - 80,
      "too many are closed",
    );
    await playing.haveAll();
    expect((await edge.tell("rostra_edge_connections_refused_total")).value).toBeGreaterThanOrEqual(
      2 * descriptors - 80,
    );
    // The silent ones go, and there is room for who speaks, and for what that makes the edge ask upstream.
    while ((await edge.state()) !== 200) await sleep(50);
    const n = (edge.origin.state("a").latest ?? 0) - 3;
    const path = livePaths.segment("a", "aac-64k", n);
    const past = await get({ host: "127.0.0.1", port: edge.port, path, agent: false });
    expect(past.body.equals(edge.origin.segment("a", "aac-64k", n))).toBe(true);
    await playing.haveAll();
    for (const { socket } of crowd) socket.destroy();
  },
);

test(
  "ED-103 with no descriptor left those who play go on, newcomers are closed without a busy loop, and it recovers",
  { timeout: 30_000 },
  async () => {
    // Nothing bounds it here: as if something else had taken the descriptors.
    await using edge = await PoorEdge.start();
    await using playing = new Bystanders(edge);
    await playing.haveAll();
    // They keep on asking, so that nobody is closed for silence.
    const request = `GET ${livePaths.state("a")} HTTP/1.1\r\nHost: here\r\n\r\n`;
    const crowd = Array.from({ length: descriptors }, () => edge.connect(request));
    await until(
      () => crowd.every(({ bytes, closed, ended }) => bytes > 0 || closed || ended),
      "an answer or an end for each",
    );
    const there = crowd.filter(({ closed, ended }) => !closed && !ended);
    expect(there.length).toBeLessThan(descriptors - 10);
    expect(there.length).toBeGreaterThan(descriptors / 2);
    expect(await edge.state()).toBe(0);
    await playing.haveAll();
    await edge.tell(connections);
    await sleep(500);
    expect((await edge.tell(connections)).utilization).toBeLessThan(0.9);
    await playing.haveAll();
    for (const { socket } of crowd) socket.destroy();
    while ((await edge.state()) !== 200) await sleep(20);
    using listener = edge.stream(livePaths.stream("a", "opus-32k"));
    await until(() => listener.body.length > 0);
    await playing.haveAll();
  },
);

import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { anchoredClock, newAnchor } from "../foundation/clock.ts";
import { silentLog } from "../foundation/log.ts";
import { Meter } from "../foundation/meter.ts";
import { Scope } from "../foundation/scope.ts";
import { createEdge, type Edge, type EdgeOptions } from "./server.ts";
import { TestOrigin } from "./origin.test-server.ts";

/** An edge on a port of its own with an origin made for tests, for the edge's tests over real sockets. */
export class TestEdge implements AsyncDisposable {
  readonly folder: string;
  readonly origin: TestOrigin;
  readonly edge: Edge;
  readonly meter: Meter;
  readonly port: number;
  readonly scope: Scope;

  private constructor(parts: Omit<TestEdge, "get" | "stream" | "metric" | "raw" | typeof Symbol.asyncDispose>) {
    this.folder = parts.folder;
    this.origin = parts.origin;
    this.edge = parts.edge;
    this.meter = parts.meter;
    this.port = parts.port;
    this.scope = parts.scope;
  }

  /**
   * @param prepare runs before the edge starts, with its folder (`web` in it are the pages)
   * @param how whether to wait until the edge has heard all, and where it listens
   */
  static async start(
    options: Partial<EdgeOptions> = {},
    prepare: (origin: TestOrigin, folder: string) => void | Promise<void> = () => {},
    how: { readonly synced?: boolean; readonly port?: number } = {},
  ): Promise<TestEdge> {
    const folder = await mkdtemp(join(tmpdir(), "edge-"));
    const origin = new TestOrigin(join(folder, "origin.sock"));
    await origin.start();
    await prepare(origin, folder);
    const scope = new Scope();
    const meter = new Meter();
    const edge = await createEdge({
      name: "edge-test",
      upstreams: [origin.socketPath],
      control: join(folder, "control.sock"),
      web: join(folder, "web"),
      clock: anchoredClock(newAnchor()),
      log: silentLog,
      meter,
      scope,
      ...options,
    });
    await new Promise<void>((resolve) => edge.server.listen(how.port ?? 0, "127.0.0.1", resolve));
    const port = (edge.server.address() as AddressInfo).port;
    const made = new TestEdge({ folder, origin, edge, meter, port, scope });
    if (how.synced ?? true) await until(() => edge.directory.synced);
    return made;
  }

  get(path: string, options: http.RequestOptions = {}, body?: Buffer | string): Promise<Answer> {
    return get({ host: "127.0.0.1", port: this.port, path, agent: false, ...options }, body);
  }

  /** Sends bytes as they are. */
  raw(text: string): Listener {
    return new Listener(connect({ port: this.port, host: "127.0.0.1" }), text);
  }

  stream(path: string): Listener {
    return this.raw(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
  }

  /** The value of a metric without labels. */
  metric(name: string): number {
    const line = this.meter
      .expose()
      .split("\n")
      .find((one) => one.startsWith(`${name} `));
    return Number(line?.split(" ")[1] ?? Number.NaN);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.edge.server.closeAllConnections();
    await this.scope.end();
    await this.origin.die();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export function get(options: http.RequestOptions, body?: Buffer | string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = http.request(options, (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.on("error", reject);
    response.on("end", () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
    );
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

/** A client that keeps all it receives. */
export class Listener implements Disposable {
  readonly socket: Socket;
  closed = false;
  ended = false;
  /** How much came, head and all. */
  bytes = 0;
  #parts: Buffer[] = [];

  constructor(socket: Socket, request: string) {
    this.socket = socket;
    socket.on("data", (part) => {
      this.bytes += part.length;
      this.#parts.push(part);
    });
    socket.on("end", () => (this.ended = true));
    socket.on("close", () => (this.closed = true));
    socket.on("error", () => {});
    socket.write(request, "latin1");
  }

  get received(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  /** The response's head; empty while it is not whole. */
  get head(): string {
    const end = this.received.indexOf("\r\n\r\n");
    return end < 0 ? "" : this.received.subarray(0, end).toString("latin1");
  }

  get body(): Buffer {
    const end = this.received.indexOf("\r\n\r\n");
    return end < 0 ? Buffer.alloc(0) : this.received.subarray(end + 4);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Waits for what must become true; the test's own time limit is the bound. */
export async function until(isTrue: () => boolean, what = "it"): Promise<void> {
  const since = performance.now();
  while (!isTrue()) {
    if (performance.now() - since > 10_000) throw new Error(`${what} did not come true: ${isTrue.toString()}`);
    await sleep(5);
  }
}

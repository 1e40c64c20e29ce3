import type http from "node:http";
import type { AddressInfo } from "node:net";
import { nodeHttp } from "../../foundation/http.ts";
import type { Target } from "./target.ts";

/** For tests: something that answers as a server does, by path; what has no answer is 404. */
export class FakeTarget implements AsyncDisposable {
  readonly answers = new Map<string, { readonly status?: number; readonly body: unknown }>();
  readonly asked: { readonly path: string; readonly host: string | undefined }[] = [];
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
    server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
      this.asked.push({ path: request.url ?? "", host: request.headers.host });
      const answer = this.answers.get(request.url ?? "");
      response.writeHead(answer?.status ?? (answer ? 200 : 404), { "content-type": "application/json" });
      response.end(typeof answer?.body === "string" ? answer.body : JSON.stringify(answer?.body ?? {}));
    });
  }

  static async start(): Promise<FakeTarget> {
    const server = nodeHttp.createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new FakeTarget(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): URL {
    return new URL(`http://localhost:${this.port}`);
  }

  /** As though its name had been looked up. */
  target(more: Partial<Target> = {}): Target {
    const { port, url } = this;
    return { url, address: "127.0.0.1", port, tls: false, ca: undefined, loopback: true, here: true, ...more };
  }

  spaces(...all: { readonly slug: string; readonly status: string; readonly startAt?: string }[]): void {
    this.answers.set("/api/v1/spaces?limit=50", { body: { spaces: all } });
    for (const { slug, status } of all)
      this.answers.set(`/live/${slug}/state.json`, { body: { id: `id-${slug}`, slug, status, title: slug } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

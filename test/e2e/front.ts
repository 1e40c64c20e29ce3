import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./server.ts";

const deploy = resolve(import.meta.dirname, "../../deploy");

export type FrontKind = "varnish" | "nginx-cache" | "nginx-tls" | "caddy" | "haproxy";

const programs = {
  varnish: "varnishd",
  "nginx-cache": "nginx",
  "nginx-tls": "nginx",
  caddy: "caddy",
  haproxy: "haproxy",
} as const;
const path = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };

export const isInstalled = (kind: FrontKind): boolean =>
  spawnSync("sh", ["-c", `command -v ${programs[kind]}`], { env: path }).status === 0;

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** A program in front of the server, with its configuration from `deploy/`, on a port of its own. */
export class Front implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, url: string, process_: ChildProcess, folder: string) {
    this.port = port;
    this.url = url;
    this.#process = process_;
    this.#folder = folder;
  }

  /** Checks the configuration with the program itself, starts it, and waits until its port is open. */
  static async start(kind: FrontKind, upstream: number, pem?: Pem, on?: number): Promise<Front> {
    const folder = await mkdtemp(join(tmpdir(), `front-${kind}-`));
    const port = on ?? (await freePort());
    const { check, run, env } = await prepared(kind, folder, port, upstream, pem);
    const environment = { ...path, ...env };
    if (check) {
      const checked = spawnSync(programs[kind], check, { env: environment });
      if (checked.status !== 0) throw new Error(`${kind} refuses its configuration:\n${checked.stderr.toString()}`);
    }
    const child = spawn(programs[kind], run, { env: environment, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
    for (const until = Date.now() + 20_000; !(await isOpen(port)); await sleep(50)) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`${kind} did not start:\n${said}`);
    }
    const url = `${kind === "varnish" || kind === "nginx-cache" ? "http" : "https"}://localhost:${port}`;
    return new Front(port, url, child, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const gone = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      const force = setTimeout(() => this.#process.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(force);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Prepared {
  readonly check?: readonly string[];
  readonly run: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

async function prepared(kind: FrontKind, folder: string, port: number, upstream: number, pem?: Pem): Promise<Prepared> {
  const { cert = "", key = "" } = pem ?? {};
  switch (kind) {
    case "varnish": {
      const file = await configured("varnish/rostra.vcl", folder, [['.port = "8080"', `.port = "${upstream}"`]]);
      const listen = ["-a", `127.0.0.1:${port}`, "-n", join(folder, "work"), "-j", "none"];
      return {
        check: ["-C", "-f", file, "-n", join(folder, "check"), "-j", "none"],
        run: ["-F", ...listen, "-f", file, "-s", "malloc,64m", "-p", "thread_pool_min=50"],
      };
    }
    case "nginx-cache":
      return nginx(folder, "nginx/edge-cache.conf", [
        ["/var/cache/nginx/rostra", join(folder, "cache")],
        ["server 127.0.0.1:8080", `server 127.0.0.1:${upstream}`],
        ["listen 80;", `listen 127.0.0.1:${port};`],
      ]);
    case "nginx-tls":
      return nginx(folder, "nginx/tls.conf", [
        ["server 127.0.0.1:8080", `server 127.0.0.1:${upstream}`],
        ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
        ["/etc/rostra/fullchain.pem", cert],
        ["/etc/rostra/privkey.pem", key],
      ]);
    case "caddy": {
      const file = await configured("caddy/Caddyfile", folder, [
        ["# tls /etc/rostra/fullchain.pem /etc/rostra/privkey.pem", `tls ${cert} ${key}`],
      ]);
      await writeFile(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${await readFile(file, "utf8")}`);
      const env = {
        ROSTRA_SITE: `https://localhost:${port}`,
        ROSTRA_UPSTREAM: `127.0.0.1:${upstream}`,
        HOME: folder,
        XDG_DATA_HOME: folder,
      };
      const words = ["--adapter", "caddyfile", "--config", file];
      return { check: ["validate", ...words], run: ["run", ...words], env };
    }
    case "haproxy": {
      const file = await configured("haproxy/haproxy.cfg", folder, [["maxconn 100000", "maxconn 1000"]]);
      const both = join(folder, "both.pem");
      await writeFile(both, Buffer.concat([await readFile(cert), await readFile(key)]), { mode: 0o600 });
      const env = { ROSTRA_BIND: `127.0.0.1:${port}`, ROSTRA_UPSTREAM: `127.0.0.1:${upstream}`, ROSTRA_PEM: both };
      return { check: ["-c", "-f", file], run: ["-db", "-f", file], env };
    }
  }
}

/** What stands around the file in Debian's nginx, without its services. */
async function nginx(folder: string, source: string, changes: readonly Change[]): Promise<Prepared> {
  const file = await configured(source, folder, changes);
  const main = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  await mkdir(join(folder, "cache"));
  await writeFile(
    main,
    `${process.getuid?.() === 0 ? "user root;" : ""} daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 1000; } http { access_log off; ${temporary.join(" ")} include ${file}; }`,
  );
  const words = ["-p", folder, "-c", main, "-e", join(folder, "start.log")];
  return { check: ["-t", ...words], run: words };
}

type Change = readonly [from: string, to: string];

/** A configuration of `deploy/` with the lines that an installation changes changed; each has to be there. */
async function configured(source: string, folder: string, changes: readonly Change[]): Promise<string> {
  let text = await readFile(join(deploy, source), "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${source} does not say "${from}" any more`);
    text = text.replaceAll(from, to);
  }
  const file = join(folder, source.replaceAll("/", "-"));
  await writeFile(file, text);
  return file;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => done(true)).on("error", () => done(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** Passes requests on to the server, and counts them by address: what a cache really asks for. */
export class CountedUpstream implements AsyncDisposable {
  readonly counts = new Map<string, number>();
  readonly port: number;
  readonly #server: http.Server;

  private constructor(port: number, server: http.Server) {
    this.port = port;
    this.#server = server;
  }

  static async start(target: string): Promise<CountedUpstream> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 200 });
    const { hostname, port } = new URL(target);
    const to = (request: http.IncomingMessage): http.RequestOptions => ({
      agent,
      hostname,
      port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
    const server = http.createServer((request, response) => {
      const url = request.url ?? "";
      made.counts.set(url, (made.counts.get(url) ?? 0) + 1);
      const passed = http.request(to(request), (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      passed.on("error", () => response.destroy());
      response.on("close", () => passed.destroy());
      request.pipe(passed);
    });
    server.on("upgrade", (request, client, early) => {
      const passed = http.request({ ...to(request), agent: undefined });
      passed.on("upgrade", (answer, upstream) => {
        const lines = [];
        for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
          lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}\r\n`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
        upstream.write(early);
        client.pipe(upstream).pipe(client);
        for (const socket of [client, upstream])
          socket.on("error", () => [client, upstream].map((one) => one.destroy()));
      });
      passed.end();
    });
    const listening = await freePort();
    const made = new CountedUpstream(listening, server);
    await made.open();
    return made;
  }

  async open(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** As when the server is gone. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.listening ? this.close() : Promise.resolve();
  }
}

import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts, freePort, Process, serverCore } from "../processes.ts";
import { startNginx } from "./nginx.ts";
import { startRostra } from "./rostra.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate of its own for localhost, ECDSA on P-256. */
function certificate(folder: string): Certificate {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  // prettier-ignore
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", words, { stdio: "ignore" });
  return { cert, key };
}

const overTls = { flags: ["--tls"] } as const;

/** The edge's own TLS. */
export async function startRostraTls(setting: Setting): Promise<Server> {
  const { cert, key } = certificate(setting.folder);
  const port = await freePort();
  const env = { ROSTRA_TLS_CERT: cert, ROSTRA_TLS_KEY: key, ROSTRA_TLS_PORT: String(port) };
  const rostra = await startRostra(setting, { env });
  return { ...rostra, port, ask: overTls };
}

/** A front end and the edge behind it as one server: what both cost counts. */
function together(front: Server, behind: Server): Server {
  return {
    ...front,
    cpu: () => front.cpu() + behind.cpu(),
    rss: () => front.rss() + behind.rss(),
    requireAlive: () => {
      front.requireAlive();
      behind.requireAlive();
    },
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]();
      await behind[Symbol.asyncDispose]();
    },
  };
}

/** nginx with TLS in front of the edge. */
export async function startNginxTls(setting: Setting): Promise<Server> {
  const { cert, key } = certificate(setting.folder);
  const rostra = await startRostra(setting);
  const port = await freePort();
  const http = `upstream edge { server 127.0.0.1:${rostra.port}; keepalive 64; }
  ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3;
  ssl_session_cache shared:tls:20m; ssl_session_tickets on; ssl_buffer_size 4k;`;
  const server = `location / {
      proxy_pass http://edge; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_buffer_size 4k; proxy_read_timeout 1h;
    }`;
  const nginx = await startNginx(setting.folder, port, { http, server }, `127.0.0.1:${port} ssl`);
  // To HTTP/1.1 it would add chunks around what has no length.
  const front = serverOf("nginx", port, [nginx], { ask: { ...overTls, http: "1.0" } });
  return together(front, rostra);
}

const haproxyConfig = (port: number, edge: number, pem: string): string => `global
  maxconn 9000
  nbthread 1
  ssl-default-bind-options ssl-min-ver TLSv1.3
  tune.ssl.cachesize 20000
  tune.bufsize 8192
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend tls
  bind 127.0.0.1:${port} ssl crt ${pem} backlog 4096
  default_backend edge
backend edge
  server edge 127.0.0.1:${edge}
`;

/** HAProxy with TLS in front of the edge, passing bytes on as they are. */
export async function startHaproxyTls(setting: Setting): Promise<Server> {
  const { cert, key } = certificate(setting.folder);
  const pem = join(setting.folder, "both.pem");
  await writeFile(pem, Buffer.concat([await readFile(cert), await readFile(key)]), { mode: 0o600 });
  const rostra = await startRostra(setting);
  const port = await freePort();
  const file = join(setting.folder, "haproxy.cfg");
  await writeFile(file, haproxyConfig(port, rostra.port, pem));
  const haproxy = new Process("haproxy", ["haproxy", "-db", "-f", file], { core: serverCore });
  await accepts(port, haproxy);
  return together(serverOf("HAProxy", port, [haproxy], { ask: overTls }), rostra);
}

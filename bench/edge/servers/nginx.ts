import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeHttp } from "../../../src/foundation/http.ts";
import { livePaths } from "../../../src/wire/paths.ts";
import { initBytes, segmentBytes } from "../payload.ts";
import { accepts, freePort, Process, serverCore } from "../processes.ts";
import { type Source, space } from "../source.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

interface NginxConfig {
  /** Before everything, such as modules. */
  readonly main?: string;
  /** In `http`. */
  readonly http?: string;
  /** In `server`. */
  readonly server: string;
}

/** One worker, as many connections as the limit allows, no log, kept connections that are never closed for their age. */
const configFile = (folder: string, listen: string, { main = "", http = "", server }: NginxConfig): string => `${main}
user root;
daemon off;
pid ${join(folder, "nginx.pid")};
error_log stderr crit;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 19900; multi_accept on; use epoll; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 300s;
  keepalive_requests 10000000;
  reset_timedout_connection on;
  client_body_temp_path ${join(folder, "body")};
  proxy_temp_path ${join(folder, "proxy")};
  fastcgi_temp_path ${join(folder, "fastcgi")};
  uwsgi_temp_path ${join(folder, "uwsgi")};
  scgi_temp_path ${join(folder, "scgi")};
  types { audio/mp4 m4s mp4; }
  ${http}
  server {
    listen ${listen} backlog=4096;
    ${server}
  }
}
`;

/** Starts nginx with what the arrangement adds. */
export async function startNginx(
  folder: string,
  port: number,
  config: NginxConfig,
  listen = `127.0.0.1:${port}`,
): Promise<Process> {
  const file = join(folder, "nginx.conf");
  await writeFile(file, configFile(folder, listen, config));
  const nginx = new Process("nginx", ["nginx", "-p", folder, "-c", file], { core: serverCore });
  await accepts(port, nginx);
  return nginx;
}

/** nginx serving the segments, and a file for whoever joins, as static files. */
export async function startNginxStatic({ folder, source }: Setting): Promise<Server> {
  const port = await freePort();
  const root = join(folder, "files");
  const stop = await writeSegments(root, source);
  const server = `root ${root}; add_header cache-control "public, max-age=31536000, immutable";
    open_file_cache max=200 inactive=30s; open_file_cache_valid 30s;`;
  const nginx = await startNginx(folder, port, { server });
  return serverOf("nginx, static files", port, [nginx], { end: stop });
}

/** What a joining listener of Rostra gets, as one file. */
export const joinPath = "/join.mp4";

async function writeSegments(root: string, source: Source): Promise<() => void> {
  const fileOf = (n: number): string => join(root, livePaths.segment(space, "opus-32k", n));
  await mkdir(dirname(fileOf(0)), { recursive: true });
  const put = async (n: number): Promise<void> => {
    await writeFile(`${fileOf(n)}.new`, segmentBytes(n));
    await rename(`${fileOf(n)}.new`, fileOf(n));
  };
  await writeFile(join(root, joinPath), Buffer.concat([initBytes(), segmentBytes(source.latest)]));
  await put(source.latest);
  return source.onSegment((n) => void put(n).then(() => rm(fileOf(n - 40), { force: true })));
}

/** nginx as a cache in front of the source: one request fetches a segment, the others wait for it. */
export async function startNginxCache({ folder, source }: Setting): Promise<Server> {
  const port = await freePort();
  const http = `proxy_cache_path ${join(folder, "cache")} levels=1:2 keys_zone=segments:10m use_temp_path=off;
  upstream source { server 127.0.0.1:${source.port}; keepalive 16; }`;
  const server = `location / {
      proxy_pass http://source; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache segments; proxy_cache_valid 200 1m; proxy_cache_valid 404 1s;
      proxy_cache_lock on; proxy_cache_lock_timeout 10s; proxy_cache_lock_age 10s;
    }`;
  const nginx = await startNginx(folder, port, { http, server });
  return serverOf("nginx, proxy_cache_lock", port, [nginx]);
}

/** nginx with nchan: each segment is a message to all subscribers of one channel. */
export async function startNchan({ folder, source }: Setting): Promise<Server> {
  const port = await freePort();
  const main = "load_module /usr/lib/nginx/modules/ngx_nchan_module.so;";
  const http = "nchan_shared_memory_size 128M;";
  const server = `location = /publish {
      nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 3; nchan_message_timeout 10s;
    }
    location = /listen {
      nchan_subscriber http-raw-stream; nchan_channel_id bench; nchan_subscriber_first_message -1;
      nchan_subscriber_http_raw_stream_separator ""; nchan_subscriber_timeout 0;
    }`;
  const nginx = await startNginx(folder, port, { main, http, server });
  const agent = new nodeHttp.Agent({ keepAlive: true, maxSockets: 1 });
  const publish = (bytes: Buffer): void => {
    const headers = { "content-type": "audio/mp4", "content-length": bytes.length };
    const request = nodeHttp.request({ agent, port, host: "127.0.0.1", path: "/publish", method: "POST", headers });
    request.on("response", (response) => response.resume());
    request.on("error", () => {});
    request.end(bytes);
  };
  publish(segmentBytes(source.latest));
  const stop = source.onSegment((_, bytes) => publish(bytes));
  const end = (): void => {
    stop();
    agent.destroy();
  };
  return serverOf("nchan", port, [nginx], { ask: { path: "/listen" }, end });
}

import type { ParseArgsConfig } from "node:util";
import { maxEdges, type ServeOptions, serveOptions } from "../serve/options.ts";
import { off, readWords, whole } from "../serve/usage.ts";
import { readEdgeKey } from "./key.ts";

/** How many upstreams one edge can have. */
const maxUpstreams = 8;

export const edgeUsage = `
  rostra edge         carry the sound further, on another machine
      --upstream URL[,URL]  what to follow, the preferred first: the main server or another edge   ($ROSTRA_UPSTREAM)
      --key-file FILE the installation's key, mode 0600           (or $ROSTRA_EDGE_KEY)
      --port N        public HTTP port                            (8080, or $PORT)
      --host ADDR     address the public port listens on          (0.0.0.0, or $ROSTRA_HOST)
      --workers N     processes that share the port               (2, or $ROSTRA_EDGES)
      --max-listeners N    listeners that are seated here; others wait in line   ($ROSTRA_MAX_LISTENERS)
      --egress-limit MBIT  megabits a second to listeners         ($ROSTRA_EGRESS_LIMIT)
      --data DIR      folder of its sockets                       (./data, or $ROSTRA_DATA)
      --public-url URL     where players reach this edge          ($ROSTRA_PUBLIC_URL)
      --tls-cert FILE TLS as well, with this certificate (PEM)    ($ROSTRA_TLS_CERT)
      --tls-key FILE  and its key; both are read again when they change   ($ROSTRA_TLS_KEY)
      --tls-port N    public HTTPS port                           (8443, or $ROSTRA_TLS_PORT)
      --trusted-proxies CIDR[,CIDR]  whose X-Forwarded-For is believed   ($ROSTRA_TRUSTED_PROXIES)
      --proxy-protocol     these begin connections with a PROXY protocol header, version 2   ($ROSTRA_PROXY_PROTOCOL=1)
      --metrics HOST:PORT  Prometheus metrics over TCP as well    (a Unix socket in the data folder only)
      --drain SECONDS how long listeners may take to move         (5, or 1.5 when all stops, or $ROSTRA_DRAIN)
      --log text|json (text on a terminal, json elsewhere)
  rostra edge-key     print the key for --key-file, on the machine of \`rostra serve\` (--data)`;

const edgeFlags = {
  upstream: { type: "string" },
  "key-file": { type: "string" },
  port: { type: "string" },
  host: { type: "string" },
  workers: { type: "string" },
  "max-listeners": { type: "string" },
  "egress-limit": { type: "string" },
  data: { type: "string" },
  "public-url": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-port": { type: "string" },
  "trusted-proxies": { type: "string" },
  "proxy-protocol": { type: "boolean" },
  metrics: { type: "string" },
  drain: { type: "string" },
  log: { type: "string" },
} satisfies ParseArgsConfig["options"];

/** What `rostra edge` was asked for, checked. `edges` is how many workers there are. */
export interface EdgeCommandOptions extends ServeOptions {
  readonly upstreams: readonly string[];
  readonly key: string;
}

/** Throws a `usage` Problem, or one of the key. */
export async function edgeOptions(args: readonly string[], env: NodeJS.ProcessEnv): Promise<EdgeCommandOptions> {
  const words = readWords(args, edgeFlags);
  const workers = whole("--workers", words.workers ?? (env["ROSTRA_EDGES"] || "2"), 1, maxEdges);
  const upstreams = upstreamUrls((words.upstream ?? env["ROSTRA_UPSTREAM"]) || "");
  const { workers: _workers, upstream: _upstream, "key-file": keyFile, ...shared } = words;
  const serve = await serveOptions({ ...shared, edges: String(workers) }, env);
  return { ...serve, upstreams, key: await readEdgeKey(keyFile, env["ROSTRA_EDGE_KEY"]) };
}

/** Base URLs, each once, without a slash at the end. */
function upstreamUrls(text: string): string[] {
  const wanted = `1 to ${maxUpstreams} URLs of the main server or of edges, such as https://live.example.org, with commas between`;
  const urls = text
    .split(",")
    .filter(Boolean)
    .map((one) => one.replace(/\/+$/, ""));
  const isBase = (url: string): boolean => {
    const parsed = URL.parse(url);
    return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.origin === url.toLowerCase();
  };
  if (urls.length === 0 || urls.length > maxUpstreams || !urls.every(isBase) || new Set(urls).size < urls.length)
    throw off("--upstream", text, wanted);
  return urls;
}

import { resolve } from "node:path";
import { isIP } from "node:net";
import { type Milliseconds, seconds } from "../../foundation/duration.ts";
import { Problem } from "../../foundation/errors.ts";
import { edgeUrl } from "../../wire/edges.ts";
import { defaultIceTcpPort, runFolder } from "../config.ts";
import { exportsChoice } from "../edge/exports-choice.ts";
import { type FrontChoice, frontChoice } from "./fronts.ts";
import { type LimitChoice, limitChoice } from "./limits.ts";
import { off, whole } from "./usage.ts";

/** What `rostra serve` was asked for, checked. */
export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  /** The folder of the Unix sockets. */
  readonly run: string;
  readonly edges: number;
  readonly udpPort: number;
  /** The stage's TCP port, for speakers whose UDP is blocked. */
  readonly iceTcpPort: number;
  readonly publicIps: readonly string[];
  readonly publicUrl: string | undefined;
  /** Base URLs of edges and caches elsewhere that players are told of. */
  readonly edgeUrls: readonly string[];
  readonly fronts: FrontChoice;
  readonly limits: LimitChoice;
  /** Where metrics are served over TCP besides the Unix socket. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** For how long an edge that ends lets its listeners move; the default depends on why it ends. */
  readonly drain: Milliseconds | undefined;
  readonly demo: boolean;
  readonly log: "text" | "json";
  readonly databaseUrl: string | undefined;
}

/** The most edge processes one machine is asked to run. */
export const maxEdges = 64;
/** The longest that an edge may take to end. */
const maxDrainSeconds = 600;

/** The words of a command, by option. */
export type Words = Readonly<Record<string, string | boolean | undefined>>;

/** Options from the command's words first, then the environment, then the defaults. Throws a `usage` Problem. */
export async function serveOptions(words: Words, env: NodeJS.ProcessEnv): Promise<ServeOptions> {
  const word = (name: string, variable: string, otherwise: string): string => {
    const said = words[name];
    return (typeof said === "string" ? said : env[variable]) || otherwise;
  };
  const port = whole("--port", word("port", "PORT", "8080"), 1, 65_535);
  const data = resolve(word("data", "ROSTRA_DATA", "data"));
  const log = word("log", "ROSTRA_LOG_FORMAT", process.stdout.isTTY ? "text" : "json");
  if (log !== "text" && log !== "json") throw off("--log", log, "text or json");
  const publicIps = word("public-ip", "ROSTRA_PUBLIC_IP", "").split(",").filter(Boolean);
  for (const ip of publicIps)
    if (!isIP(ip)) throw off("--public-ip", ip, "IPv4 or IPv6 addresses, with commas between");
  const publicUrl = word("public-url", "ROSTRA_PUBLIC_URL", "") || undefined;
  if (publicUrl !== undefined && !/^https?:\/\//.test(publicUrl)) {
    throw off("--public-url", publicUrl, "a URL that begins with https:// or http://");
  }
  const edgeUrls = word("edge-url", "ROSTRA_EDGE_URLS", "").split(",").filter(Boolean);
  for (const url of edgeUrls)
    if (edgeUrl(url) === undefined) throw off("--edge-url", url, "http or https URLs without credentials and query");
  // The edges read it themselves; what is wrong with it is to be known now.
  exportsChoice(env);
  const drain = word("drain", "ROSTRA_DRAIN", "");
  const udpPort = whole("--udp-port", word("udp-port", "ROSTRA_UDP_PORT", String(port)), 1, 65_535);
  const iceTcp = word("ice-tcp-port", "ROSTRA_ICE_TCP_PORT", String(defaultIceTcpPort(udpPort)));
  return {
    port,
    host: word("host", "ROSTRA_HOST", "0.0.0.0"),
    data,
    run: await runFolder(data).catch((thrown: unknown) => {
      throw dataProblem(data, thrown);
    }),
    edges: whole("--edges", word("edges", "ROSTRA_EDGES", "2"), 1, maxEdges),
    udpPort,
    iceTcpPort: whole("--ice-tcp-port", iceTcp, 1, 65_535),
    publicIps,
    publicUrl: publicUrl?.replace(/\/+$/, ""),
    edgeUrls,
    fronts: frontChoice(words, env),
    limits: limitChoice(words, env),
    metrics: address(word("metrics", "ROSTRA_METRICS", "")),
    drain: drain === "" ? undefined : seconds(whole("--drain", drain, 0, maxDrainSeconds)),
    demo: words["no-demo"] !== true && env["ROSTRA_DEMO"] !== "0",
    log,
    databaseUrl: env["DATABASE_URL"] || undefined,
  };
}

export function dataProblem(data: string, cause: unknown): Problem {
  return new Problem({
    status: 500,
    code: "data-not-writable",
    title: "The data folder cannot be written",
    detail: `${data}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    action: "Give another folder with --data, or make this one writable for the user that runs rostra.",
    cause,
  });
}

function address(text: string): ServeOptions["metrics"] {
  if (text === "") return undefined;
  const match = /^(?:(.*):)?(\d+)$/.exec(text);
  if (!match) throw off("--metrics", text, "HOST:PORT, such as 127.0.0.1:9464");
  return { host: match[1] || "127.0.0.1", port: whole("--metrics", match[2] ?? "", 1, 65_535) };
}

/** A whole number within bounds; throws a `usage` Problem that names the option. */

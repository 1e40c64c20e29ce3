import type { ParseArgsConfig } from "node:util";
import { Problem, reason } from "../foundation/errors.ts";
import type { ServeOptions } from "./serve/options.ts";
import { version } from "./version.ts";

const usage = `rostra: live conversations that a million people come to hear at the same minute

  rostra serve        start everything on this machine
      --port N        public HTTP port                            (8080, or $PORT)
      --host ADDR     address the public port listens on          (0.0.0.0, or $ROSTRA_HOST)
      --data DIR      data folder                                 (./data, or $ROSTRA_DATA)
      --edges N       edge processes                              (2, or $ROSTRA_EDGES)
      --max-listeners N    listeners that are seated here; others wait in line   (as many as it bears, or $ROSTRA_MAX_LISTENERS)
      --egress-limit MBIT  megabits a second to listeners         (none, or $ROSTRA_EGRESS_LIMIT)
      --udp-port N    UDP port of the stage                       (the HTTP port's number, or $ROSTRA_UDP_PORT)
      --ice-tcp-port N     TCP port of the stage, where UDP is blocked      (the UDP port + 10000, or $ROSTRA_ICE_TCP_PORT)
      --public-ip IP[,IP]  addresses speakers reach the stage at, behind NAT   ($ROSTRA_PUBLIC_IP)
      --public-url URL     what people type, with TLS in front    ($ROSTRA_PUBLIC_URL)
      --edge-url URL[,URL] edges and caches elsewhere that players are told of   ($ROSTRA_EDGE_URLS)
      --tls-cert FILE TLS as well, with this certificate (PEM)    ($ROSTRA_TLS_CERT)
      --tls-key FILE  and its key; both are read again when they change   ($ROSTRA_TLS_KEY)
      --tls-port N    public HTTPS port                           (8443, or $ROSTRA_TLS_PORT)
      --trusted-proxies CIDR[,CIDR]  whose X-Forwarded-For is believed   ($ROSTRA_TRUSTED_PROXIES)
      --proxy-protocol     these begin connections with a PROXY protocol header, version 2   ($ROSTRA_PROXY_PROTOCOL=1)
      --metrics HOST:PORT  Prometheus metrics over TCP as well    (a Unix socket in the data folder only)
      --drain SECONDS how long listeners of a process that ends may take to move   (5, or 1.5 when all stops, or $ROSTRA_DRAIN)
      --no-demo       open no demo Space when there is no Space
      --log text|json (text on a terminal, json elsewhere)
  rostra doctor       look at this machine and say what would keep a Space from opening (same options)
  rostra reload       replace every edge process by the code on disk, and nobody notices (--data)
  rostra plan         how many edges an audience takes, what binds first, what a lost edge does (rostra plan --help)
  rostra calibrate    measure what an edge's work costs on this machine, for rostra plan (rostra calibrate --help)
  rostra rehearse     real listeners and attackers against a running server, and what it kept (rostra rehearse --help)
  rostra rehearsal-permit  permit one rehearsal from another machine (--data; rostra rehearsal-permit --help)
  rostra verdict      what it was: crowd, attack, own fault, or cannot tell (rostra verdict --help)
  rostra evidence head      print the last record of each chain of evidence, to be kept elsewhere (--data)
  rostra evidence verify    go through all chains and say where one does not hold (--data, --against FILE)
  rostra shieldd      keep in the kernel's sets what edges hand down (rostra shieldd --help)
  rostra exports-key  print what the webhook of exports signs with (--data)
  rostra owner-link   print a new one-time owner link of the running server (--data)
{edge}
  rostra version
  rostra help

PostgreSQL instead of the embedded SQLite: DATABASE_URL=postgres://…
Behind a reverse proxy: --trusted-proxies, or everybody counts as one address. All of it: docs/operate.md
`;

const serveFlags = {
  port: { type: "string" },
  host: { type: "string" },
  data: { type: "string" },
  edges: { type: "string" },
  "max-listeners": { type: "string" },
  "egress-limit": { type: "string" },
  "udp-port": { type: "string" },
  "ice-tcp-port": { type: "string" },
  "public-ip": { type: "string" },
  "public-url": { type: "string" },
  "edge-url": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-port": { type: "string" },
  "trusted-proxies": { type: "string" },
  "proxy-protocol": { type: "boolean" },
  metrics: { type: "string" },
  drain: { type: "string" },
  "no-demo": { type: "boolean" },
  log: { type: "string" },
} satisfies ParseArgsConfig["options"];

/** Runs one command and gives its exit code: 0 done, 1 it failed, 2 the words were off. */
export async function main(args: readonly string[]): Promise<number> {
  const [command = "help", ...rest] = args;
  try {
    switch (command) {
      case "serve": {
        const { serve } = await import("./serve/serve.ts");
        return await serve(await optionsFrom(rest));
      }
      case "doctor": {
        const { doctor } = await import("./serve/doctor.ts");
        return await doctor(await optionsFrom(rest));
      }
      case "reload": {
        const { requestReload } = await import("./serve/reload.ts");
        return await requestReload(await optionsFrom(rest));
      }
      case "edge": {
        const { edgeOptions } = await import("./edges/options.ts");
        const { follow } = await import("./edges/follow.ts");
        return await follow(await edgeOptions(rest, process.env));
      }
      case "edge-key": {
        const { printEdgeKey } = await import("./edges/key.ts");
        return await printEdgeKey(await optionsFrom(rest));
      }
      case "owner-link": {
        const { printOwnerLink } = await import("./serve/owner-link.ts");
        return await printOwnerLink(await optionsFrom(rest));
      }
      case "shieldd": {
        const { shieldd } = await import("./shieldd.ts");
        return await shieldd(rest);
      }
      case "exports-key": {
        const { printExportsKey } = await import("./edges/key.ts");
        return await printExportsKey(await optionsFrom(rest));
      }
      case "plan": {
        const { plan } = await import("./plan.ts");
        return await plan(rest);
      }
      case "calibrate": {
        const { calibrate } = await import("./calibrate.ts");
        return await calibrate(rest);
      }
      case "rehearse": {
        const { rehearse } = await import("./rehearse.ts");
        return await rehearse(rest);
      }
      case "rehearsal-permit": {
        const { permitRehearsal } = await import("./rehearse/permit-command.ts");
        return await permitRehearsal(rest, process.env);
      }
      case "rehearse-process": {
        const { rehearsalProcess } = await import("./rehearse/member.ts");
        return await rehearsalProcess(rest[0] ?? "", rest[1] ?? "1");
      }
      case "verdict": {
        const { verdict } = await import("./verdict.ts");
        return await verdict(rest);
      }
      case "evidence": {
        const { evidence } = await import("./verdict.ts");
        return await evidence(rest);
      }
      case "run": {
        const { runChild } = await import("./child.ts");
        return await runChild(rest[0] ?? "", rest[1]);
      }
      case "version":
      case "--version":
        process.stdout.write(`${await version()}\n`);
        return 0;
      case "help":
      case "--help":
      case "-h":
        process.stdout.write(await help());
        return 0;
      default:
        process.stderr.write(`rostra: there is no command "${command}".\n\n${await help()}`);
        return 2;
    }
  } catch (thrown) {
    if (thrown instanceof Problem) {
      process.stderr.write(`rostra: ${thrown.title}. ${thrown.message}\n        ${thrown.action} (${thrown.code})\n`);
      return thrown.code === "usage" ? 2 : 1;
    }
    process.stderr.write(`rostra: ${thrown instanceof Error ? (thrown.stack ?? reason(thrown)) : reason(thrown)}\n`);
    return 1;
  }
}

/** All commands. Those of an edge stand beside its options. */
async function help(): Promise<string> {
  const { edgeUsage } = await import("./edges/options.ts");
  return usage.replace("\n{edge}", edgeUsage);
}

async function optionsFrom(args: readonly string[]): Promise<ServeOptions> {
  const { serveOptions } = await import("./serve/options.ts");
  const { readWords } = await import("./serve/usage.ts");
  return serveOptions(readWords(args, serveFlags), process.env);
}

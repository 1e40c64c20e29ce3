import { access, constants, mkdir, readFile, statfs, unlink, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Link } from "../../foundation/link.ts";
import { errno, reason } from "../../foundation/errors.ts";
import { sockets } from "../config.ts";
import { tlsFindings } from "./doctor-tls.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import type { ServeOptions } from "./options.ts";
import { tryTcp, tryUdp } from "./ports.ts";

/** A listener costs one descriptor; below this a crowd would meet the limit before the machine's. */
const fewDescriptors = 10_000;
/** About a week of one Space's archive (three renditions with their boxes, 17 kB a second). */
const littleSpaceBytes = 10 * 1024 ** 3;

/** Looks at this machine and prints what would keep a Space from opening. Exit code 1 when something would. */
export async function doctor(options: ServeOptions): Promise<number> {
  const running = await isRunning(options);
  const findings: Finding[] = [
    node(),
    await dataFolder(options),
    await freeSpace(options),
    ...(running ? [ok("server", `one is running on ${options.data}; its ports were not tried`)] : await ports(options)),
    ...(await tlsFindings(options, !running)),
    await descriptors(),
    await acceptQueue(),
    await database(options),
    await pages(),
    await codecs(),
    addresses(options),
    secureOrigin(options),
  ];
  const width = Math.max(...findings.map(({ what }) => what.length));
  for (const { what, level, found, action } of findings) {
    process.stdout.write(`${level.padEnd(4)}  ${what.padEnd(width)}  ${found}\n`);
    if (action !== undefined) process.stdout.write(`${" ".repeat(width + 8)}→ ${action}\n`);
  }
  const failed = findings.filter(({ level }) => level === "fail").length;
  process.stdout.write(
    failed
      ? `\n${failed} of ${findings.length} would keep a Space from opening.\n`
      : "\nNothing here would keep a Space from opening.\n",
  );
  return failed ? 1 : 0;
}

async function isRunning(options: ServeOptions): Promise<boolean> {
  const link = new Link(sockets.metrics(options.run), 1);
  const answer = await link.request({ path: "/healthz", timeoutMs: 1000 }).catch(() => undefined);
  link.close();
  return answer?.status === 200;
}

function node(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const found = `Node ${process.versions.node}`;
  return major >= 24
    ? ok("node", found)
    : fail("node", found, "Run through npm, which uses the Node pinned in package.json, or install Node 24.");
}

async function dataFolder({ data }: ServeOptions): Promise<Finding> {
  const probe = join(data, `.doctor-${process.pid}`);
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    await access(data, constants.W_OK | constants.X_OK);
    await writeFile(probe, "a sound disk gives back what it was given");
    await unlink(probe);
    return ok("data folder", data);
  } catch (thrown) {
    return fail(
      "data folder",
      `${data}: ${errno(thrown) ?? reason(thrown)}`,
      "Give another with --data, or make it writable for this user.",
    );
  }
}

async function freeSpace({ data }: ServeOptions): Promise<Finding> {
  const disk = await statfs(data).catch(() => undefined);
  if (!disk) return warn("free space", "unknown", "The data folder's disk could not be asked.");
  const free = disk.bavail * disk.bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB; a Space's archive takes about 60 MB an hour`;
  if (free < 64 * 1024 ** 2) return fail("free space", found, "Make room: there is none for an hour of archive.");
  return free < littleSpaceBytes
    ? warn("free space", found, "Make room before a long event.")
    : ok("free space", found);
}

async function ports({ host, port, udpPort }: ServeOptions): Promise<Finding[]> {
  const tcp = await tryTcp(host, port);
  const udp = await tryUdp(host, udpPort);
  return [
    tcp
      ? fail("HTTP port", `TCP ${host}:${port} ${errno(tcp) ?? reason(tcp)}`, "Give another with --port.")
      : ok("HTTP port", `TCP ${host}:${port} is free`),
    udp
      ? fail("stage port", `UDP ${host}:${udpPort} ${errno(udp) ?? reason(udp)}`, "Give another with --udp-port.")
      : ok("stage port", `UDP ${host}:${udpPort} is free; let it through the firewall`),
  ];
}

async function descriptors(): Promise<Finding> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (Number.isNaN(most))
    return warn("descriptors", "unknown on this system", "Each listener takes one: see `ulimit -n`.");
  const found = `${most} for each process, one for each listener of an edge`;
  return most < fewDescriptors
    ? warn("descriptors", found, "Raise `ulimit -n` (LimitNOFILE= in systemd), or run more edges.")
    : ok("descriptors", found);
}

async function acceptQueue(): Promise<Finding> {
  const most = Number(await readFile("/proc/sys/net/core/somaxconn", "utf8").catch(() => "NaN"));
  if (Number.isNaN(most)) return ok("accept queue", "not told by this system");
  return most < 1024
    ? warn(
        "accept queue",
        `net.core.somaxconn is ${most}`,
        "sysctl -w net.core.somaxconn=4096, for the rush at the minute.",
      )
    : ok("accept queue", `net.core.somaxconn is ${most}`);
}

async function database(options: ServeOptions): Promise<Finding> {
  try {
    const { openStore } = await import("../../store/open.ts");
    const { silentLog } = await import("../../foundation/log.ts");
    const { anchoredClock, newAnchor } = await import("../../foundation/clock.ts");
    const store = await openStore({
      data: options.data,
      databaseUrl: options.databaseUrl,
      clock: anchoredClock(newAnchor()),
      log: silentLog,
    });
    await store.end();
    return ok("database", options.databaseUrl ? "PostgreSQL answers" : "the embedded SQLite opens");
  } catch (thrown) {
    return fail("database", reason(thrown), "See docs/operate.md, “Data and backup”.");
  }
}

async function pages(): Promise<Finding> {
  for (const up of ["../../../dist/web/index.html", "../../web/index.html"]) {
    if (await readFile(new URL(up, import.meta.url)).catch(() => undefined)) return ok("pages", "built");
  }
  return fail("pages", "not built", "Run `npm run build:web`.");
}

async function codecs(): Promise<Finding> {
  try {
    const assets = fileURLToPath(new URL("../../../assets/hold", import.meta.url));
    await access(join(assets, "opus-32k.mp4"));
    const { createEncoder } = await import("libopus-wasm");
    const encoder = await createEncoder({ channels: 1, sampleRate: 48_000 });
    encoder.free();
    return ok("codecs", "Opus loads, the hold audio is there");
  } catch (thrown) {
    return fail("codecs", reason(thrown), "Install again: a file of the package is missing.");
  }
}

function addresses(options: ServeOptions): Finding {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter((one) => !one.internal && one.family === "IPv4").map((one) => one.address);
  const isPrivate = (ip: string): boolean =>
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.)/.test(ip);
  const found = [...outside, ...options.publicIps.map((ip) => `${ip} (announced)`)].join(", ") || "loopback only";
  if (options.publicIps.length === 0 && outside.every(isPrivate)) {
    return warn(
      "addresses",
      found,
      "Speakers outside this network need --public-ip with the address that UDP is forwarded from.",
    );
  }
  return ok("addresses", found);
}

function secureOrigin(options: ServeOptions): Finding {
  if (options.publicUrl?.startsWith("https://")) return ok("secure origin", options.publicUrl);
  if (options.fronts.tls) return ok("secure origin", `HTTPS on port ${options.fronts.tls.port}`);
  return warn(
    "secure origin",
    options.publicUrl ?? "only localhost counts as secure",
    "Browsers give a microphone only over HTTPS: give --tls-cert and --tls-key, or put TLS in front and say --public-url https://… (docs/operate.md).",
  );
}

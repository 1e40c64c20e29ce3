import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { actionOn } from "../../exports/action.fixture.ts";
import { shieldd } from "../../exports/shieldd-client.ts";

/**
 * Runs inside of a network namespace of its own (`unshare --user --net --map-root-user`), where nobody is hit: a server, a real `rostra shieldd` with the
 * real kernel, and who comes. Prints what happened as one line of JSON.
 */
const nft = (...words: readonly string[]): string => execFileSync("/usr/sbin/nft", words, { encoding: "utf8" });
const folder = mkdtempSync(join(tmpdir(), "shieldd-"));
const socket = join(folder, "s.sock");
const program = resolve(import.meta.dirname, "../rostra.ts");

execFileSync("ip", ["link", "set", "lo", "up"]);
const server = createServer((one) => one.on("error", () => {}).pipe(one));
await new Promise<void>((done) => server.listen(0, "::", done));
const { port } = server.address() as AddressInfo;

/** Whether a connection comes about within the time: a SYN that is dropped is answered by nobody. */
function comes(host: string, from: string, within: number): Promise<Socket | undefined> {
  const { promise, resolve: settle } = Promise.withResolvers<Socket | undefined>();
  const one = connect({ port, host, localAddress: from });
  const timer = setTimeout(() => settle(undefined), within);
  one.once("connect", () => settle(one));
  one.on("error", () => settle(undefined));
  return promise.finally(() => clearTimeout(timer));
}
async function isIn(host: string, from: string, within = 20_000): Promise<boolean> {
  const one = await comes(host, from, within);
  one?.destroy();
  return one !== undefined;
}
/** What comes back of what is said on a connection. */
async function echoed(one: Socket, text: string): Promise<boolean> {
  const { promise, resolve: settle } = Promise.withResolvers<boolean>();
  one.once("data", (bytes) => settle(bytes.toString() === text));
  one.write(text);
  return Promise.race([promise, sleep(20_000).then(() => false)]);
}

async function start(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [program, "shieldd", "--socket", socket, "--ports", String(port), "--log", "json"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await new Promise<void>((done) => {
    child.stdout?.on("data", (text: Buffer) => text.includes("listening") && done());
    child.once("exit", () => done());
  });
  return child;
}

const helper = await start();
const output = shieldd(socket);
const told: Record<string, unknown> = {};
try {
  // Added now: addresses that the helper finds on the machine are allowed.
  execFileSync("ip", ["address", "add", "2001:db8:1:2::9/128", "dev", "lo"]);
  const open = await comes("127.0.0.1", "127.9.9.9", 20_000);
  if (!open) throw new Error("the server does not answer");
  await output.tell(actionOn("127.9.9.9", { seconds: 8 }));
  await output.tell(actionOn("2001:db8:1:2::/64", { seconds: 600 }));
  told["elements"] = [
    nft("list", "set", "inet", "rostra-shield", "blocked4"),
    nft("list", "set", "inet", "rostra-shield", "blocked6"),
  ].map((text) => /elements = \{ (\S+) timeout (\S+)/.exec(text)?.slice(1));
  told["blocked"] = await isIn("127.0.0.1", "127.9.9.9", 1500);
  told["blocked6"] = await isIn("2001:db8:1:2::9", "2001:db8:1:2::9", 1500);
  told["neighbour"] = await isIn("127.0.0.1", "127.9.9.8");
  told["open goes on"] = await echoed(open, "still here");
  // The kernel lets go by itself.
  told["expired"] = false;
  for (let tries = 0; tries < 20 && told["expired"] === false; tries++)
    told["expired"] = await isIn("127.0.0.1", "127.9.9.9", 1000);
  // What is over for one process may be asked for by another.
  await output.tell(actionOn("2001:db8:1:2::/64", { what: "expired" }));
  told["kept for another"] = await isIn("2001:db8:1:2::9", "2001:db8:1:2::9", 1500);
  told["let go"] = await output
    .tell(actionOn("2001:db8:1:2::/64", { what: "expired", guard: "listeners" }))
    .then(() => isIn("2001:db8:1:2::9", "2001:db8:1:2::9"));
  told["wide"] = await output.tell(actionOn("10.0.0.0/8")).catch((thrown: Error) => thrown.message);
  told["own"] = await output.tell(actionOn("127.0.0.1")).catch((thrown: Error) => thrown.message);
  // Somebody flushes the tables.
  await output.tell(actionOn("192.0.2.7", { seconds: 600 }));
  nft("flush", "ruleset");
  await output.tell(actionOn("192.0.2.0/24", { seconds: 600 }));
  await output.tell(actionOn("127.9.9.9", { seconds: 600 }));
  told["made anew"] = nft("list", "table", "inet", "rostra-shield").includes("192.0.2.0/24");
  told["blocked again"] = await isIn("127.0.0.1", "127.9.9.9", 1500);
  const gone = new Promise<number | null>((done) => helper.once("exit", done));
  helper.kill("SIGTERM");
  told["exit"] = await gone;
  told["tables left"] = nft("list", "tables").trim();
  told["free"] = await isIn("127.0.0.1", "127.9.9.9");
  open.destroy();
} finally {
  helper.kill("SIGKILL");
  server.close();
  rmSync(folder, { recursive: true });
}
process.stdout.write(`${JSON.stringify(told)}\n`, () => process.exit(0));

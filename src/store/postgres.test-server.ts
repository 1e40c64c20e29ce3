import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A PostgreSQL of one's own for a test: a fresh cluster in a temporary folder, on a Unix socket only. */
export interface ThrowawayPostgres {
  /** For `DATABASE_URL`. */
  readonly url: string;
  /** Ends the server at once, without a goodbye to anybody, as a crash would. */
  crash(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

/** The folder that has `initdb` and `postgres`: on the PATH, or where Debian and others put it. */
export async function postgresFolder(): Promise<string | undefined> {
  const packaged = "/usr/lib/postgresql";
  const versions = await readdir(packaged).catch(() => []);
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(packaged, version, "bin")),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** PostgreSQL refuses to run as root: the user `postgres` if there is one, else `nobody`. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const id = (flag: string): number => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout);
    const [uid, gid] = [id("-u"), id("-g")];
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  throw new Error("PostgreSQL does not run as root, and there is neither a user postgres nor nobody");
}

/** Makes a cluster with the programs in `bin` and starts it. */
export async function throwawayPostgres(bin: string): Promise<ThrowawayPostgres> {
  const user = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "rostra-pg-"));
  if (user) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o700);
  const data = join(folder, "data");
  const as = { cwd: folder, ...user };
  const made = spawnSync(
    join(bin, "initdb"),
    ["--pgdata", data, "--username", "rostra", "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--no-locale"],
    { ...as, encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}${made.error?.message ?? ""}`);

  let server: ReturnType<typeof spawn> | undefined;
  let gone: Promise<void> = Promise.resolve();
  const start = async (): Promise<void> => {
    const settings = ["listen_addresses=", `unix_socket_directories=${folder}`, "shared_buffers=16MB", "fsync=off"];
    const child = spawn(join(bin, "postgres"), ["-D", data, ...settings.flatMap((one) => ["-c", one])], {
      ...as,
      stdio: ["ignore", "ignore", "pipe"],
    });
    server = child;
    gone = new Promise((resolve) => child.once("exit", () => resolve()));
    const ready = new Promise<void>((resolve, reject) => {
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-4000);
        if (said.includes("ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error(`postgres ended: ${said}`)));
    });
    await ready;
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    server?.kill(signal);
    await gone;
    // After a kill the other processes of the server need a moment to see it and let the folder go.
    await sleep(signal === "SIGQUIT" ? 100 : 0);
  };
  await start();
  return {
    url: `postgres://rostra@/postgres?host=${encodeURIComponent(folder)}`,
    crash: () => stop("SIGQUIT"),
    start,
    async end() {
      await stop("SIGINT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

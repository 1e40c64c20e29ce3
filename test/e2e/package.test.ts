import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, Server } from "./server.ts";
import { StreamListener } from "./listener.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

let folder: string;
/** Where the package was installed; undefined where the registry cannot be reached. */
let home: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-package-"));
  const tarball = await pack();
  const empty = join(folder, "empty");
  await mkdir(empty);
  try {
    await run(
      "npm",
      ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", empty, tarball],
      {
        cwd: empty,
        maxBuffer: 1 << 24,
      },
    );
    home = empty;
  } catch (failure) {
    if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT/.test(String(failure))) throw failure;
    console.log("skipped: the registry cannot be reached");
  }
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `npm pack` of a copy: the build empties `dist`, from which other tests' servers may be serving. */
async function pack(): Promise<string> {
  const copy = join(folder, "copy");
  const left = new Set(["node_modules", "dist", "data", ".git"].map((name) => join(root, name)));
  await cp(root, copy, { recursive: true, filter: (path) => !left.has(path) });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--json", "--loglevel=error"], { cwd: copy, maxBuffer: 1 << 24 });
  const { filename } = (JSON.parse(stdout.slice(stdout.lastIndexOf("\n[") + 1)) as [{ filename: string }])[0];
  return join(copy, filename);
}

const rostra = (): string => join(home ?? "", "node_modules", ".bin", "rostra");

describe("the package", () => {
  test("EE-11 holds JavaScript and no TypeScript but declarations, and nothing of the tests", async ({ skip }) => {
    if (!home) return skip();
    const files = await readdir(join(home, "node_modules", "rostra"), { recursive: true });
    expect(files.filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))).toEqual([]);
    const ours = files.filter((name) => !/^(?:node_modules|dist\/types)\//.test(name));
    expect(
      ours.filter((name) =>
        /(?:^|\/)(?:test|testing|bench|src)\/|\.(?:test|test-[a-z-]+|fixture|contract)\./.test(name),
      ),
    ).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        "dist/apps/rostra.js",
        "dist/web/index.html",
        "dist/web/player.js",
        "assets/hold/opus-32k.mp4",
        "LICENSE",
        "README.md",
      ]),
    );
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    expect((await run(rostra(), ["version"])).stdout).toBe(`${version}\n`);
  });

  test("EE-11 installed elsewhere it serves the demo Space, the pages and sound", async ({ skip }) => {
    if (!home) return skip();
    const port = String(await freePort());
    const doctor = await run(rostra(), ["doctor", "--data", join(folder, "doctor"), "--port", port]);
    expect(doctor.stdout).toContain("Nothing here would keep a Space from opening");
    await using server = await Server.start({ demo: true, program: rostra() });
    const { now, latest } = await server.until(
      "demo",
      (state) => state.status === "live" && !state.hold && state.latest !== null,
    );
    expect([now > 0, latest !== null]).toEqual([true, true]);
    for (const path of ["/", "/s/demo", "/desk", "/player.js"]) {
      const answer = await fetch(server.url + path);
      expect([path, answer.status, (await answer.text()).length > 500]).toEqual([path, 200, true]);
    }
    const listener = new StreamListener(server.url, "/live/demo/opus-32k/stream.mp4");
    await expect.poll(() => listener.segments.size, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
    listener.end();
    expect([listener.error, listener.gaps]).toEqual([undefined, []]);
    expect(await server.metrics()).not.toMatch(/rostra_process_restarts_total\{.*\} [1-9]/);
  }, 60_000);

  test("EE-11 the types of rostra/player resolve and hold", async ({ skip }) => {
    if (!home) return skip();
    await writeFile(
      join(home, "page.ts"),
      `import { createPlayer, type Player, type PlayerState, RostraPlayer, type WayTaken } from "rostra/player";
const player: Player = createPlayer({ space: "demo", base: "https://rostra.example" });
const forget: () => void = player.listen((change) => {
  if (change.t === "live") console.log(change.live.title.toUpperCase(), change.live.stage[0]?.name);
  if (change.t === "event" && change.event.t === "stage") console.log(change.event.people.length);
});
const state: PlayerState = player.state;
const way: WayTaken | null = player.metrics.way;
const element: RostraPlayer | null = document.querySelector("rostra-player");
// @ts-expect-error a Space must be named
createPlayer({});
// @ts-expect-error there is no such member
player.volume;
export { element, forget, state, way };
`,
    );
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const common = ["--ignoreConfig", "--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"];
    for (const [module, resolution] of [
      ["esnext", "bundler"],
      ["nodenext", "nodenext"],
    ] as const) {
      const { stdout } = await run(tsc, [...common, "--module", module, "--moduleResolution", resolution, "page.ts"], {
        cwd: home,
      }).catch((failure: { stdout: string }) => failure);
      expect(stdout).toBe("");
    }
  }, 60_000);
});

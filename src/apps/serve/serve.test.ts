import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { closeServer, listenUnix } from "../../foundation/link.ts";
import { silentLog } from "../../foundation/log.ts";
import { runFolder } from "../config.ts";
import { backoff, Child } from "./children.ts";
import { collectMetrics, mergeExpositions } from "./metrics.ts";
import { serveOptions } from "./options.ts";
import { requireFreePorts } from "./ports.ts";
import { childSpecs } from "./serve.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-serve-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("options", () => {
  test("SV-1 words come before the environment, and the environment before defaults", async () => {
    const options = await serveOptions({ port: "9000", data: folder }, { PORT: "7000", ROSTRA_EDGES: "3" });
    expect(options).toMatchObject({
      port: 9000,
      udpPort: 9000,
      edges: 3,
      data: folder,
      host: "0.0.0.0",
      demo: true,
      metrics: undefined,
    });
    const other = await serveOptions(
      {
        data: folder,
        metrics: "9464",
        "public-url": "https://live.example.org/",
        "edge-url": "http://a:1,https://b/x",
      },
      { PORT: "7000" },
    );
    expect(other).toMatchObject({
      port: 7000,
      metrics: { host: "127.0.0.1", port: 9464 },
      publicUrl: "https://live.example.org",
      edgeUrls: ["http://a:1", "https://b/x"],
    });
  });

  test.each([
    ["port", "0"],
    ["port", "80a"],
    ["port", "70000"],
    ["edges", "-1"],
    ["public-ip", "my.host"],
    ["public-url", "live.example.org"],
    ["edge-url", "https://me:secret@a.example"],
    ["log", "xml"],
    ["metrics", "everywhere"],
  ])("SV-1 --%s %s is refused with what it takes", async (name, value) => {
    await expect(serveOptions({ data: folder, [name]: value }, {})).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(`"${value}"`) as string,
      action: expect.stringContaining("It takes") as string,
    });
  });

  test("SV-6 a path too long for a socket gets its sockets elsewhere, always the same place", async () => {
    expect(await runFolder(folder)).toBe(join(folder, "run"));
    const deep = join(folder, "d".repeat(60), "e".repeat(60));
    const elsewhere = await runFolder(deep);
    expect(elsewhere.length).toBeLessThan(90);
    expect(await runFolder(deep)).toBe(elsewhere);
    await rm(elsewhere, { recursive: true });
  });

  test("SV-8 sockets elsewhere are in a folder that is ours alone", async () => {
    const deep = join(folder, "f".repeat(60), "g".repeat(60));
    const elsewhere = await runFolder(deep);
    await chmod(elsewhere, 0o777);
    await expect(runFolder(deep)).rejects.toThrow("open to others");
    await rm(elsewhere, { recursive: true });
    await symlink(folder, elsewhere);
    await expect(runFolder(deep)).rejects.toThrow("somebody else's");
    await rm(elsewhere);
  });
});

describe("children", () => {
  test("SV-2 the first restart is at once, the next ones wait longer, up to a cap", () => {
    expect([1, 2, 3, 4, 20].map(backoff)).toEqual([0, 100, 200, 400, 5000]);
    expect(childSpecs(2).map(({ name }) => name)).toEqual(["origin", "stage", "control", "edge 1", "edge 2"]);
  });

  test("SV-2, SV-3 a process that dies is started again, and is not once it is ending", async () => {
    const env = { ...process.env, ROSTRA_DATA: folder, ROSTRA_RUN: folder, PORT: "0" };
    // A process name that does not exist fails at its start, every time: a crash loop without side effects.
    const child = new Child({ spec: { name: "nobody", args: ["nobody"] }, env, execArgv: [], log: silentLog });
    child.start();
    await expect(child.ready).rejects.toThrow("there is no process");
    await expect.poll(() => child.restarts, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    await child.end();
    await child.end();
    expect(child.state.kind).toBe("ended");
    expect(child.pid).toBeUndefined();
  });

  test("SV-3 a process that does not end at SIGTERM is killed after the grace", async () => {
    const deaf =
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 60_000); process.send({ t: "ready" }); await new Promise(() => {});';
    const execArgv = ["--import", `data:text/javascript,${encodeURIComponent(deaf)}`];
    const spec = { name: "nobody", args: ["nobody"] };
    const child = new Child({ spec, env: process.env, execArgv, log: silentLog, grace: ms(50) });
    child.start();
    await child.ready;
    await child.end();
    expect(child.state.kind).toBe("ended");
  });
});

test("SV-4 a taken port is refused by name, even if the other server would share it", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ port: 0, host: "127.0.0.1", reusePort: true }, resolve));
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(requireFreePorts("127.0.0.1", port, port)).rejects.toMatchObject({
    code: "port-taken",
    message: expect.stringContaining(`TCP 127.0.0.1:${port}`) as string,
  });
  await new Promise((resolve) => other.close(resolve));
  await expect(requireFreePorts("127.0.0.1", port, port)).resolves.toBeUndefined();
});

describe("metrics", () => {
  test("SV-5 merged expositions carry a process label, and each head once", () => {
    const head = "# HELP rostra_x Things.\n# TYPE rostra_x counter\n";
    const merged = mergeExpositions([
      { process: "edge 1", text: `${head}rostra_x 1\n` },
      { process: "edge 2", text: `${head}rostra_x{kind="a"} 2\n` },
    ]);
    expect(merged).toBe(`${head}rostra_x{process="edge 1"} 1\nrostra_x{process="edge 2",kind="a"} 2\n`);
  });

  test("SV-5 a process that does not answer is told by rostra_up 0", async () => {
    const socketPath = join(folder, "here.sock");
    const server = await listenUnix(socketPath, (_, response) => void response.end("rostra_y 5\n"), silentLog);
    const text = await collectMetrics(
      [
        { name: "here", socketPath },
        { name: "gone", socketPath: join(folder, "gone.sock") },
      ],
      "",
    );
    await closeServer(server, 0);
    expect(text).toContain('rostra_up{process="here"} 1');
    expect(text).toContain('rostra_y{process="here"} 5');
    expect(text).toContain('rostra_up{process="gone"} 0');
  });
});

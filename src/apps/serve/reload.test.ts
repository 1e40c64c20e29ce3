import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { silentLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Scope } from "../../foundation/scope.ts";
import { Child, type ChildOptions } from "./children.ts";
import { Reload, requestReload } from "./reload.ts";
import { serveSupervisor } from "./supervisor-socket.ts";

const started: Child[] = [];
let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "rostra-reload-"));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.end()));
  await rm(run, { recursive: true, force: true });
});

/** A process that does what `code` says instead of what Rostra's do. */
function child(code: string, options: Partial<ChildOptions> = {}): Child {
  const alive = "setInterval(() => {}, 60_000); await new Promise(() => {});";
  const execArgv = ["--import", `data:text/javascript,${encodeURIComponent(code + alive)}`];
  const spec = { name: "edge 1", args: ["nobody"], drains: true };
  const made = new Child({ spec, env: process.env, execArgv, log: silentLog, grace: ms(2000), ...options });
  started.push(made);
  made.start();
  return made;
}

const ready = `process.send({ t: "ready" });`;
const leaves = `process.on("message", ({ t }) => t === "end" && process.exit(0));`;

test("SV-9 a process that drains is replaced once its successor serves, and is told why it goes", async () => {
  // It goes only when it is told that it was replaced.
  const one = child(
    `${ready} const last = process.env.ROSTRA_SUCCEEDS === "1";
    process.on("message", ({ t, why }) => t === "end" && (last || why === "replaced") && process.exit(0));`,
    {
      drain: { replaced: ms(0), stopped: ms(0) },
      grace: ms(5000),
    },
  );
  await one.ready;
  const before = one.pid;
  await one.replace();
  expect(one.pid).not.toBe(before);
  expect([one.state.kind, one.generation, one.restarts, one.leaving.length]).toEqual(["ready", 2, 0, 0]);
  expect(() => process.kill(before ?? 0, 0)).toThrow("ESRCH");
});

test("SV-10 a successor that does not come to serve is killed, and the process that was there goes on", async () => {
  const file = join(run, "pid");
  const deaf = `if (process.env.ROSTRA_SUCCEEDS !== "1") { ${ready} ${leaves} }
    else process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(file)}, String(process.pid));`;
  const one = child(deaf, { successorGrace: ms(1500) });
  await one.ready;
  const before = one.pid;
  await expect(one.replace()).rejects.toMatchObject({
    code: "reload-failed",
    message: expect.stringContaining("did not serve within 1.5 s") as string,
  });
  expect([one.pid, one.state.kind, one.generation]).toEqual([before, "ready", 1]);
  const pid = Number(await readFile(file, "utf8"));
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("SV-10 a successor that fails says why", async () => {
  const fails = `if (process.env.ROSTRA_SUCCEEDS === "1") {
    process.send({ t: "failed", reason: "it is Monday" }, () => process.exit(1)); } else { ${ready} ${leaves} }`;
  const one = child(fails);
  await one.ready;
  await expect(one.replace()).rejects.toMatchObject({
    code: "reload-failed",
    message: expect.stringContaining("it is Monday") as string,
  });
  expect(one.state.kind).toBe("ready");
});

test("SV-10 when the old one dies meanwhile, its successor has its place, and is started again should it fail", async () => {
  const late = `if (process.env.ROSTRA_SUCCEEDS === "1") setTimeout(() => { ${ready} }, 700); else { ${ready} } ${leaves}`;
  const one = child(late);
  await one.ready;
  const replaced = one.replace();
  process.kill(one.pid ?? 0, "SIGKILL");
  await replaced;
  expect([one.state.kind, one.generation, one.restarts]).toEqual(["ready", 2, 1]);

  const fails = `if (process.env.ROSTRA_SUCCEEDS === "1") setTimeout(() => process.exit(3), 700); else { ${ready} ${leaves} }`;
  const other = child(fails);
  await other.ready;
  const failed = other.replace();
  process.kill(other.pid ?? 0, "SIGKILL");
  await expect(failed).rejects.toMatchObject({ code: "reload-failed" });
  await expect.poll(() => other.state.kind, { timeout: 5000 }).toBe("ready");
});

test("SV-11 one reload at a time, asked for over the supervisor's socket, and counted", async () => {
  const one = child(`setTimeout(() => { ${ready} }, process.env.ROSTRA_SUCCEEDS === "1" ? 500 : 0); ${leaves}`);
  await one.ready;
  const meter = new Meter();
  const reload = new Reload({ children: started, meter, log: silentLog });
  const scope = new Scope();
  await serveSupervisor({ run, metrics: undefined, children: started, reload, meter, scope, log: silentLog });
  const asked = [requestReload({ run }), requestReload({ run })];
  const outcomes = await Promise.allSettled(asked);
  const failure = outcomes.find(({ status }) => status === "rejected");
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([{ status: "fulfilled", value: 0 }]);
  expect(failure).toMatchObject({ reason: { code: "reload-under-way", status: 409 } });
  expect(meter.expose()).toMatch(/^rostra_reloads_total\{outcome="done"\} 1$/m);
  await scope.end();
  await expect(requestReload({ run })).rejects.toMatchObject({ code: "server-not-running" });
});

test("SV-12 ending while a process is being replaced ends it, its successor, and who still drains", async () => {
  const never = `if (process.env.ROSTRA_SUCCEEDS !== "1") { ${ready} ${leaves} }`;
  const waiting = child(never, { successorGrace: ms(60_000) });
  const slow = child(`${ready} process.on("message", ({ why }) => why === "stopped" && process.exit(0));`);
  await Promise.all([waiting.ready, slow.ready]);
  const replaced = Promise.allSettled([waiting.replace(), slow.replace()]);
  await expect.poll(() => slow.leaving.length, { timeout: 5000 }).toBe(1);
  await Promise.all([waiting.end(), slow.end()]);
  expect((await replaced).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect([waiting.state.kind, slow.state.kind, slow.leaving.length]).toEqual(["ended", "ended", 0]);
  await expect(slow.replace()).rejects.toMatchObject({ code: "reload-failed" });
});

test("SV-13 a port and a connection pass through the supervisor to the successor", async () => {
  const { port } = await new Promise<{ port: number }>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address));
    });
  });
  const two = `
    import net from "node:net";
    if (process.env.ROSTRA_SUCCEEDS === "1") {
      const heard = {
        port: (handle) => net.createServer((socket) => socket.end("successor")).listen(handle, () => process.send({ t: "ready" })),
        seat: (handle) => new net.Socket({ handle, readable: true, writable: true }).end(" and on"),
      };
      process.on("message", ({ t }, handle) => t === "end" ? process.exit(0) : heard[t]?.(handle));
      process.send({ to: "predecessor", t: "lend" });
    } else {
      const sockets = [];
      const server = net.createServer((socket) => { sockets.push(socket); socket.write("begun"); })
        .listen(${port}, "127.0.0.1", () => process.send({ t: "ready" }));
      process.on("message", ({ t }) => {
        if (t === "lend") process.send({ to: "successor", t: "port" }, server._handle);
        if (t !== "end") return;
        server.close();
        for (const socket of sockets) process.send({ to: "successor", t: "seat" }, socket._handle, () => socket.destroy());
        setTimeout(() => process.exit(0), 200);
      });
    }`;
  const one = child(two);
  await one.ready;
  let kept = "";
  const connection = createConnection(port, "127.0.0.1");
  connection.on("data", (data: Buffer) => (kept += data.toString()));
  await expect.poll(() => kept).toBe("begun");
  await one.replace();
  let fresh = "";
  createConnection(port, "127.0.0.1").on("data", (data: Buffer) => (fresh += data.toString()));
  await expect.poll(() => fresh).toBe("successor");
  await expect.poll(() => kept).toBe("begun and on");
});

import { afterEach, expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { silentLog } from "../../foundation/log.ts";
import { Child } from "./children.ts";
import type { ChildMessage, ChildRun } from "./child-run.ts";
import { maxOnTheirWay, Siblings } from "./siblings.ts";

const started: Child[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.end()));
});

/** Says hello when it is asked to, and whom it has heard of. */
const greets = `process.on("message", ({ t, name }) => {
    if (t === "end") process.exit(0);
    if (t === "greet") process.send({ to: "siblings", t: "hello", name });
    if (t === "hello") process.send({ to: "siblings", t: "heard", name });
  });
  process.send({ t: "ready" }); setInterval(() => {}, 60_000); await new Promise(() => {});`;

const byNumber = (a = 0, b = 0): number => a - b;

test("SV-14 what a process says to its siblings comes to all that serve alongside it, its own predecessor too, and not to itself", async () => {
  const siblings = new Siblings();
  const said: { readonly from: number | undefined; readonly message: ChildMessage }[] = [];
  const runs = (): ChildRun[] => started.flatMap((child) => child.runs);
  for (let i = 0; i < 3; i++) {
    const child = new Child({
      spec: { name: `edge ${i}`, args: ["nobody"], drains: true },
      env: process.env,
      execArgv: ["--import", `data:text/javascript,${encodeURIComponent(greets)}`],
      log: silentLog,
      grace: ms(2000),
      drain: { replaced: ms(0), stopped: ms(0) },
      onSiblings: (from, message) => {
        said.push({ from: from.pid, message });
        if (message.t === "hello") siblings.pass(from, message, runs());
      },
    });
    started.push(child);
    child.start();
  }
  await Promise.all(started.map(({ ready }) => ready));
  await started[1]?.replace();
  const [one, ...others] = runs();
  one?.send({ t: "greet", name: "one" });
  await expect.poll(() => said.filter(({ message }) => message.t === "heard").length, { timeout: 10_000 }).toBe(2);
  const heard = said.filter(({ message }) => message.t === "heard");
  expect(heard.map(({ from }) => from).toSorted(byNumber)).toEqual(others.map(({ pid }) => pid).toSorted(byNumber));
  expect(heard.every(({ message }) => message["name"] === "one" && message["to"] === "siblings")).toBe(true);
});

test("SV-14 a process that does not take what it is told misses what comes above a cap, and hears the others' later", () => {
  const siblings = new Siblings();
  const arrived: (() => void)[] = [];
  const run = (serves = true): { readonly run: ChildRun; readonly got: ChildMessage[] } => {
    const got: ChildMessage[] = [];
    const send = (message: ChildMessage, _: unknown, done: () => void): void => {
      got.push(message);
      arrived.push(done);
    };
    return { run: { serves, send } as unknown as ChildRun, got };
  };
  const [teller, busy, absent] = [run(), run(), run(false)];
  const all = [teller.run, busy.run, absent.run];
  for (let i = 0; i < maxOnTheirWay + 5; i++) siblings.pass(teller.run, { to: "siblings", t: "n", i }, all);
  expect([busy.got.length, teller.got.length, absent.got.length]).toEqual([maxOnTheirWay, 0, 0]);
  expect(siblings.lost).toBe(5);
  for (const done of arrived.splice(0)) done();
  siblings.pass(teller.run, { to: "siblings", t: "n", i: 99 }, all);
  expect(busy.got.at(-1)).toEqual({ t: "n", i: 99 });
});

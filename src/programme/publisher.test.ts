import type http from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../foundation/errors.ts";
import { closeServer, Link, listenUnix, readBody, sendJson } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { Scope } from "../foundation/scope.ts";
import { renditionNames } from "../wire/rendition.ts";
import { fenceHeader } from "../wire/timelines.ts";
import { type Chunk } from "./programme.ts";
import { maxHeldChunks, Publisher, type PublisherOptions } from "./publisher.ts";

/** An origin that keeps what it gets, and refuses what it is told to. */
interface Origin {
  readonly got: { path: string; fence: string; bytes: string }[];
  refuse: (path: string) => number | string | undefined;
  down(): Promise<void>;
  up(): Promise<void>;
}

let folder = "";
let scope: Scope;
let origin: Origin;

function problem(code: string): Problem {
  return new Problem({ status: 409, code, title: code, detail: code, action: "none" });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rostra-publisher-"));
  scope = new Scope();
  let server: http.Server | undefined;
  let leases = 0;
  origin = {
    got: [],
    refuse: () => undefined,
    up: async () => {
      server = await listenUnix(
        join(folder, "o.sock"),
        async (request, response) => {
          const path = request.url ?? "";
          const answer = origin.refuse(path);
          if (typeof answer === "string") throw problem(answer);
          if (answer !== undefined) return sendJson(response, answer);
          if (path === "/timelines/talk/lease") return sendJson(response, 200, { fence: 41 + ++leases });
          const bytes = await readBody(request, 1000);
          origin.got.push({ path, fence: String(request.headers[fenceHeader]), bytes: bytes.toString() });
          sendJson(response, 204);
        },
        silentLog,
      );
    },
    down: async () => {
      if (server) await closeServer(server, 0);
      server = undefined;
    },
  };
  await origin.up();
});

afterEach(async () => {
  await scope.end();
  await origin.down();
  rmSync(folder, { recursive: true, force: true });
});

function publisher(more: Partial<PublisherOptions> = {}): Publisher {
  const link = new Link(join(folder, "o.sock"));
  scope.onEnd(() => link.close());
  return new Publisher({ space: "talk", link, scope, log: silentLog, onFenced: () => {}, ...more });
}

const chunk = (slot: number, rendition: Chunk["rendition"] = "opus-32k"): Chunk => ({
  rendition,
  slot,
  bytes: new TextEncoder().encode(`${rendition} ${slot}`),
});
const slots = (rendition = "opus-32k"): number[] =>
  origin.got.filter((one) => one.bytes.startsWith(`${rendition} `)).map((one) => Number(one.bytes.split(" ")[1]));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test("PR-11 chunks go to their segment and part under the lease's fence, each rendition in order", async () => {
  const one = publisher();
  for (const slot of range(5, 15)) for (const rendition of renditionNames) one.publish(chunk(slot, rendition));
  expect(await one.drained(5000)).toBe(true);
  for (const rendition of renditionNames) expect(slots(rendition)).toEqual(range(5, 15));
  expect(origin.got[0]).toEqual({ path: "/ingest/talk/opus-32k/1/2", fence: "42", bytes: "opus-32k 5" });
  expect(one.lost).toBe(0);
});

test("PR-12 an origin that is away loses nothing: all is sent in order when it is back", async () => {
  const one = publisher();
  for (const slot of range(0, 5)) one.publish(chunk(slot));
  await one.drained(5000);
  await origin.down();
  for (const slot of range(5, 40)) one.publish(chunk(slot));
  expect(await one.drained(300)).toBe(false);
  expect(one.held).toBe(35);
  await origin.up();
  expect(await one.drained(8000)).toBe(true);
  expect(slots()).toEqual(range(0, 40));
  expect(one.lost).toBe(0);
});

test("PR-12 an origin that fails inside is asked again", async () => {
  let failures = 3;
  origin.refuse = (path) => (path.startsWith("/ingest") && failures-- > 0 ? 503 : undefined);
  const one = publisher();
  one.publish(chunk(0));
  expect(await one.drained(5000)).toBe(true);
  expect(slots()).toEqual([0]);
});

test("PR-12 the lease is asked for until the origin knows the Space", async () => {
  origin.refuse = (path) => (path.includes("lease") ? 404 : undefined);
  const one = publisher();
  one.publish(chunk(0));
  expect(await one.drained(200)).toBe(false);
  expect(one.state).toBe("asking");
  origin.refuse = () => undefined;
  expect(await one.drained(5000)).toBe(true);
  expect(one.state).toBe("holding");
});

test("PR-13 more than 30 s of chunks are given up from the oldest on, and counted", async () => {
  await origin.down();
  const lost: [number, string][] = [];
  const one = publisher({ onLost: ({ slot }, why) => lost.push([slot, why]) });
  for (const slot of range(0, maxHeldChunks + 3)) one.publish(chunk(slot));
  expect(one.held).toBe(maxHeldChunks);
  expect(lost).toEqual([
    [1, "overflow"],
    [2, "overflow"],
    [3, "overflow"],
  ]);
  expect(one.lost).toBe(3);
  await origin.up();
  expect(await one.drained(8000)).toBe(true);
  expect(slots()).toEqual([0, ...range(4, maxHeldChunks + 3)]);
});

test("PR-14 a chunk that is too late is given up and counted, and the next ones go on", async () => {
  origin.refuse = (path) => (path.endsWith("/opus-32k/0/1") ? "late" : undefined);
  const lost: [number, string][] = [];
  const one = publisher({ onLost: ({ slot }, why) => lost.push([slot, why]) });
  for (const slot of range(0, 4)) one.publish(chunk(slot));
  expect(await one.drained(5000)).toBe(true);
  expect(slots()).toEqual([0, 2, 3]);
  expect(lost).toEqual([[1, "late"]]);
});

test("PR-14 a chunk that is not on air yet is kept until it is", async () => {
  let early = 1;
  origin.refuse = (path) => (path.startsWith("/ingest") && early-- > 0 ? "not-on-air" : undefined);
  const one = publisher();
  one.publish(chunk(0));
  expect(await one.drained(5000)).toBe(true);
  expect([slots(), one.lost]).toEqual([[0], 0]);
});

test("PR-15 a newer lease stops the programme, once, and nothing more is sent", async () => {
  const onFenced = vi.fn<() => void>();
  origin.refuse = (path) => (path.startsWith("/ingest") ? "fenced" : undefined);
  const one = publisher({ onFenced });
  for (const slot of range(0, 4)) for (const rendition of renditionNames) one.publish(chunk(slot, rendition));
  await one.drained(5000);
  await vi.waitFor(() => expect(one.state).toBe("fenced"));
  origin.refuse = () => undefined;
  one.publish(chunk(9));
  expect(one.held).toBe(0);
  expect(onFenced).toHaveBeenCalledTimes(1);
  expect(origin.got).toEqual([]);
});

test("PR-15 it ends with its scope, twice without harm", async () => {
  const one = publisher();
  one.publish(chunk(0));
  await one.drained(5000);
  await scope.end();
  await scope.end();
  one.publish(chunk(1));
  expect([one.state, one.held]).toEqual(["ended", 0]);
});

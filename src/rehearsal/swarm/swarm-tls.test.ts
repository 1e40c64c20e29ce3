import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SwarmOrder, SwarmSecond } from "./contract.ts";
import { listenersAddress, TestSpace } from "./space.test-server.ts";
import { runSwarm } from "./swarm.ts";

let folder = "";
let pair = { key: "", cert: "" };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "swarm-tls-"));
  const files = { key: join(folder, "key.pem"), cert: join(folder, "cert.pem") };
  execFileSync(
    "openssl",
    // prettier-ignore
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.key,
      "-out", files.cert, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:rehearsed.example"],
    { stdio: "ignore" },
  );
  pair = { key: await readFile(files.key, "utf8"), cert: await readFile(files.cert, "utf8") };
});
afterAll(() => rm(folder, { recursive: true }));

function run(space: TestSpace, trust: { readonly ca?: string; readonly host?: string } = {}): Promise<SwarmSecond> {
  const order: SwarmOrder = {
    target: { bases: [space.url], space: "demo", ...trust },
    behaviour: {
      mix: { stream: 0.5, numbered: 0.25, hls: 0.25 },
      pageShare: 0.5,
      patience: 60,
      reloadAfter: 60,
      giveUpAfter: 60,
      leaveAfter: 1e9,
      returnShare: 0,
      returnAfter: 60,
      endWithin: 0.2,
    },
    arrivals: Array.from({ length: 12 }, (_, i) => i / 20),
    until: 5,
    sources: [listenersAddress],
    most: 100,
    seed: 3,
    beginsAt: Date.now(),
  };
  return runSwarm(order, () => {}, new AbortController().signal);
}

test.concurrent("RH-45 behind TLS they get the same; sound goes on with the session of the connection before", async () => {
  await using space = await TestSpace.start({ tls: pair });
  const end = await run(space, { ca: pair.cert });
  expect(end).toMatchObject({ heard: 12, gaps: 0, wrong: 0, unchecked: 0, disorder: 0, refusedConnects: 0 });
  const sound = space.crowd.filter(({ path }) => /stream.mp4$|init.mp4$|.m3u8$/.test(path));
  expect(sound.filter(({ resumed }) => !resumed)).toEqual([]);
  const first = space.crowd.filter(({ path }) => path === "/s/demo");
  expect(first.length).toBeGreaterThan(0);
  expect(first.filter(({ resumed }) => resumed)).toEqual([]);
});

test.concurrent("RH-45 an address that was checked is asked under the name that it has", async () => {
  await using space = await TestSpace.start({ tls: pair });
  const end = await run(space, { ca: pair.cert, host: "rehearsed.example" });
  expect(end).toMatchObject({ heard: 12, wrong: 0, refusedConnects: 0 });
  expect(new Set(space.asked.map(({ headers }) => headers.host))).toEqual(new Set(["rehearsed.example"]));
});

test.concurrent.each([
  ["that nobody vouches for", {}],
  ["of another name", { host: "elsewhere.example" }],
])("RH-45 a certificate %s is refused", async (_, trust) => {
  await using space = await TestSpace.start({ tls: pair });
  const end = await run(space, "host" in trust ? { ...trust, ca: pair.cert } : trust);
  expect(end).toMatchObject({ heard: 0, attempts: 0, segments: 0 });
  expect(end.refusedConnects).toBeGreaterThanOrEqual(12);
  expect(space.crowd).toEqual([]);
});

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Run } from "./run.test-kit.ts";
import { TestSpace } from "./space.test-server.ts";

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

const people = 12;
const behaviour = { mix: { stream: 0.5, numbered: 0.25, hls: 0.25 }, pageShare: 0.5 };
const timeout = 60_000;

test.concurrent(
  "RH-45 behind TLS they get the same; sound goes on with the session of the connection before",
  { timeout },
  async () => {
    await using space = await TestSpace.start({ tls: pair });
    const run = new Run(space, { people, behaviour, target: { ca: pair.cert } });
    await run.until(({ playing }) => playing === people);
    const end = await run.end();
    expect(end).toMatchObject({ heard: people, gaps: 0, wrong: 0, unchecked: 0, disorder: 0, refusedConnects: 0 });
    const sound = space.crowd.filter(({ path }) => /stream.mp4$|init.mp4$|.m3u8$/.test(path));
    expect(sound.filter(({ resumed }) => !resumed)).toEqual([]);
    const first = space.crowd.filter(({ path }) => path === "/s/demo");
    expect(first.length).toBeGreaterThan(0);
    expect(first.filter(({ resumed }) => resumed)).toEqual([]);
  },
);

test.concurrent("RH-45 an address that was checked is asked under the name that it has", { timeout }, async () => {
  await using space = await TestSpace.start({ tls: pair });
  const run = new Run(space, { people, behaviour, target: { ca: pair.cert, host: "rehearsed.example" } });
  await run.until(({ playing }) => playing === people);
  const end = await run.end();
  expect(end).toMatchObject({ heard: people, wrong: 0, refusedConnects: 0 });
  expect(new Set(space.asked.map(({ headers }) => headers.host))).toEqual(new Set(["rehearsed.example"]));
});

test.concurrent.each([
  ["that nobody vouches for", {}],
  ["of another name", { host: "elsewhere.example" }],
])("RH-45 a certificate %s is refused", { timeout }, async (_, trust) => {
  await using space = await TestSpace.start({ tls: pair });
  const run = new Run(space, { people, target: "host" in trust ? { ...trust, ca: pair.cert } : trust });
  await run.until(({ refusedConnects }) => refusedConnects >= people);
  const end = await run.stop();
  expect(end).toMatchObject({ heard: 0, attempts: 0, segments: 0 });
  expect(space.crowd).toEqual([]);
});

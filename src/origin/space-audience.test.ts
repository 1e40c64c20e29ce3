import { hash } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import { HyperLogLog } from "../sketch/hyperloglog.ts";
import type { AudienceCounts } from "./audience.ts";
import { diskAudienceShelf } from "./audience-shelf.ts";
import { Audiences } from "./audiences.ts";
import { folder } from "./origin.test-kit.ts";
import { saltLastsMs, SpaceAudience } from "./space-audience.ts";

const counts = (told: Partial<AudienceCounts>): AudienceCounts => ({ listeners: 0, numbered: 0, beacons: [], ...told });
/** A sketch of so many listeners, each number another. */
function sketchOf(from: number, to: number): string {
  const sketch = new HyperLogLog();
  for (let i = from; i < to; i++) sketch.add(hash("sha256", String(i), "buffer").readUIntBE(0, 6) * 16);
  return String(sketch);
}

test("OR-74 the number told is the streams and the greater of who is seen and who says so", () => {
  const audience = new SpaceAudience("s1", 0);
  expect(audience.figures(counts({ listeners: 30, numbered: 20 }), 0).listeners).toBe(30);
  expect(audience.figures(counts({ listeners: 30, numbered: 20, beacons: [15] }), 0).listeners).toBe(30);
  expect(audience.figures(counts({ listeners: 30, numbered: 20, beacons: [50.4] }), 0).listeners).toBe(60);
  const many = audience.figures(counts({ listeners: 12_345, numbered: 0, beacons: [98_765] }), 0);
  expect(many.listeners).toBe(111_000);
  expect(many.beacon).toBeLessThan(1);
});

test("OR-75 heard is the union over edges, never falls, and is never less than who listens", () => {
  const audience = new SpaceAudience("s1", 0);
  audience.merge(sketchOf(0, 600));
  audience.merge(sketchOf(300, 900));
  audience.merge(sketchOf(0, 900));
  const { heard } = audience.figures(counts({ listeners: 5 }), 0);
  expect(heard).toBeGreaterThan(850);
  expect(heard).toBeLessThan(950);
  expect(audience.figures(counts({ listeners: 5000 }), 0).heard).toBe(5000);
  expect(audience.figures(counts({}), 0).heard).toBe(5000);
  expect(() => audience.merge("nonsense")).toThrow(expect.objectContaining({ code: "bad-sketch" }));
});

test("OR-75 above three digits heard is told in three, so that not every listener is a change of state", () => {
  const audience = new SpaceAudience("s1", 0);
  audience.merge(sketchOf(0, 40_000));
  const { heard } = audience.figures(counts({}), 0);
  expect(heard % 100).toBe(0);
  expect(Math.abs(heard / 40_000 - 1)).toBeLessThan(0.06);
});

test("OR-76 a Space has a salt of its own, and another one each day", () => {
  const [one, other] = [new SpaceAudience("s1", 0), new SpaceAudience("s2", 0)];
  expect(Buffer.from(one.salt, "base64")).toHaveLength(16);
  expect(one.salt).not.toBe(other.salt);
  const before = one.salt;
  expect(one.renewSalt(saltLastsMs - 1)).toBe(false);
  expect(one.salt).toBe(before);
  expect(one.renewSalt(saltLastsMs)).toBe(true);
  expect(one.salt).not.toBe(before);
  expect(one.renewSalt(saltLastsMs + 1)).toBe(false);
});

test("OR-77 what was counted outlives the process with its salt; of a Space that is over nothing stays", async () => {
  const at = await folder();
  const told: string[] = [];
  const load = async (): Promise<Audiences> =>
    Audiences.load({
      shelf: await diskAudienceShelf(at, silentLog),
      log: silentLog,
      now: () => 7,
      onSalt: (space) => told.push(space),
    });
  const before = await load();
  before.open("s1");
  before.open("s2");
  before.open("s1");
  expect(told).toEqual(["s1", "s2"]);
  before.get("s1")?.merge(sketchOf(0, 100));
  const heard = before.get("s1")?.figures(counts({}), 0).heard;
  await before.keep();

  const after = await load();
  expect(after.get("s1")).toBeUndefined();
  after.open("s1");
  expect(after.get("s1")?.salt).toBe(before.get("s1")?.salt);
  expect(after.get("s1")?.figures(counts({}), 0).heard).toBe(heard);
  after.get("s1")?.merge(sketchOf(0, 200));
  expect(after.get("s1")?.figures(counts({}), 0).heard).toBeGreaterThan(180);
  after.close("s1");
  // It was kept, and has ended while the origin was away.
  after.close("s2");
  await after.keep();
  expect(await readdir(at)).toEqual([]);
});

test("OR-77 what cannot be read is counted anew and keeps nobody from listening", async () => {
  const at = await folder();
  await mkdir(at, { recursive: true });
  await writeFile(join(at, "s1.json"), "{");
  const kept = { v: 1, id: "s2", salt: "AAAAAAAAAAAAAAAAAAAAAA==", saltedAt: 0, heard: 9, different: "x" };
  await writeFile(join(at, "s2.json"), JSON.stringify(kept));
  const shelf = await diskAudienceShelf(at, silentLog);
  const audiences = await Audiences.load({ shelf, log: silentLog, now: () => 0, onSalt: () => {} });
  audiences.open("s1");
  audiences.open("s2");
  expect(audiences.get("s2")?.salt).not.toBe(kept.salt);
  expect(audiences.get("s2")?.figures(counts({}), 0).heard).toBe(0);
  await audiences.keep();
});

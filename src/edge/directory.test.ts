import { beforeEach, expect, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import { Directory, type SpaceEntry } from "./directory.ts";
import { initOf, liveState } from "./origin.test-server.ts";

let changed: SpaceEntry[];
let directory: Directory;

beforeEach(() => {
  changed = [];
  directory = new Directory({ log: silentLog, onChange: (entry) => changed.push(entry), maxSpaces: 2 });
  directory.connection(true);
});

test("ED-1 a Space is found by id and slug, and by a new slug only once it has one", () => {
  directory.apply({ t: "state", state: liveState("a") });
  expect(directory.find("a")).toBe(directory.find("slug-a"));
  directory.apply({ t: "state", state: { ...liveState("a"), slug: "other" } });
  expect(directory.find("slug-a")).toBeUndefined();
  expect(directory.find("other")?.state.id).toBe("a");
  directory.apply({ t: "gone", id: "a" });
  expect([directory.find("a"), directory.find("other"), directory.size]).toEqual([undefined, undefined, 0]);
});

test("ED-1 a new latest segment changes just that, and everybody who listens hears of it", () => {
  directory.apply({ t: "state", state: { ...liveState("a"), title: "T" } });
  const entry = directory.find("a");
  directory.apply({ t: "latest", id: "a", latest: 7, first: 2, hold: true });
  expect(entry?.state).toMatchObject({ title: "T", latest: 7, first: 2, hold: true });
  expect(changed).toEqual([entry, entry]);
  directory.apply({ t: "latest", id: "nobody", latest: 7, first: 2, hold: true });
  expect(changed).toHaveLength(2);
});

test("ED-1 a directory that is full leaves further Spaces out and counts them", () => {
  for (const id of ["a", "b", "c"]) directory.apply({ t: "state", state: liveState(id) });
  expect([directory.size, directory.refused, directory.find("c")]).toEqual([2, 1, undefined]);
  directory.apply({ t: "state", state: { ...liveState("a"), title: "still told" } });
  expect(directory.find("a")?.state.title).toBe("still told");
});

test("ED-1 only a complete telling lets Spaces go", () => {
  for (const id of ["a", "b"]) directory.apply({ t: "state", state: liveState(id) });
  directory.apply({ t: "synced" });
  directory.connection(false);
  directory.connection(true);
  directory.apply({ t: "state", state: liveState("b") });
  expect(directory.find("a")).toBeDefined();
  directory.connection(false);
  directory.connection(true);
  directory.apply({ t: "state", state: liveState("b") });
  directory.apply({ t: "synced" });
  expect([directory.find("a"), directory.find("b")?.state.id]).toEqual([undefined, "b"]);
});

test("ED-2 the init segment is the one of the state, also after it changes", () => {
  directory.apply({ t: "state", state: liveState("a") });
  const entry = directory.find("a");
  expect(entry?.init("aac-64k")?.equals(initOf("aac-64k"))).toBe(true);
  const renditions = liveState("a").renditions.filter(({ name }) => name !== "opus-16k");
  directory.apply({
    t: "state",
    state: { ...liveState("a"), renditions: renditions.map((one) => ({ ...one, init: "bmV3" })) },
  });
  expect(entry?.init("aac-64k")?.toString()).toBe("new");
  expect(entry?.init("opus-16k")).toBeUndefined();
});

test("ED-2 a state is rendered again when it changes, and when time has passed", () => {
  directory.apply({ t: "state", state: liveState("a") });
  const entry = directory.find("a");
  const first = entry?.render(1000, "chunk");
  expect(entry?.render(1010, "chunk")).toBe(first);
  expect(entry?.render(1010, "segment")).not.toBe(first);
  expect(JSON.parse(entry?.render(2000, "segment").plain.toString() ?? "")).toMatchObject({
    now: 2000,
    push: "segment",
  });
  directory.apply({ t: "latest", id: "a", latest: 1, first: 0, hold: false });
  expect(JSON.parse(entry?.render(2000, "segment").plain.toString() ?? "")).toMatchObject({ latest: 1 });
});

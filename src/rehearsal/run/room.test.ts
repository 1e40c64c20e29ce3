import { expect, test } from "vitest";
import { Problem } from "../../foundation/errors.ts";
import { type MachineRoom, spread } from "./room.ts";

const room: MachineRoom = { cores: 2, descriptors: 20_000, ports: 28_000, memory: 24e9, server: [20_000, 20_000] };
const wish = { listeners: 5000, attacks: 0, tls: false };
const refusal = (ask: Parameters<typeof spread>[0], of: MachineRoom = room): Problem => {
  try {
    spread(ask, of);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
  }
  throw new Error("it was not refused");
};

test("RH-51 processes and source addresses are as many as it takes, and those that were asked for", () => {
  expect(spread(wish, room)).toEqual({ processes: 2, sources: 3, most: 19_488 });
  expect(spread({ ...wish, listeners: 100 }, room)).toMatchObject({ processes: 1, sources: 1 });
  expect(spread({ ...wish, listeners: 39_000 }, { ...room, descriptors: 5512 }).processes).toBe(8);
  expect(spread({ ...wish, processes: 5, sources: 0 }, room)).toMatchObject({ processes: 5, sources: 0 });
});

test("RH-51 more than there is room for is refused before it begins, with the number that would fit and how to raise it", () => {
  const server = refusal({ ...wish, listeners: 60_000 });
  expect(server.code).toBe("rehearsal-too-large");
  expect(server.message).toMatch(/^60,000 listeners were asked for, and 39,360 would fit: the server's 2 processes/);
  expect(server.action).toMatch(
    /^Ask for 39,360, or start the server with a higher `ulimit -n`.* or with more --edges\.$/,
  );
  const swarm = refusal({ ...wish, listeners: 20_000, processes: 1 });
  expect(swarm.message).toContain("19,488 would fit: each of 1 processes may have 20,000 descriptors");
  expect(swarm.action).toContain("--processes");
  const memory = refusal({ ...wish, listeners: 30_000 }, { ...room, memory: 1e9 });
  expect(memory.message).toMatch(/954 MiB of memory are free/);
  expect(refusal({ ...wish, listeners: 30_000, sources: 1 }).action).toContain("--sources");
  expect(refusal({ ...wish, listeners: 30_000, sources: 0 }).message).toContain(
    "28,000 would fit: the one source address",
  );
  expect(refusal({ ...wish, listeners: 300_000 }, { ...room, server: undefined, memory: 1e12 }).message).toContain(
    "200,000 would fit",
  );
});

test("RH-51 what it names as fitting does fit", () => {
  const asked = { ...wish, listeners: 60_000 };
  const fits = Number(/and ([\d,]+) would fit/.exec(refusal(asked).message)?.[1]?.replaceAll(",", ""));
  expect(spread({ ...asked, listeners: fits }, room).processes).toBeGreaterThan(1);
  expect(refusal({ ...asked, listeners: fits + 1 }).code).toBe("rehearsal-too-large");
});

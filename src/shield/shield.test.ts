import { expect, test } from "vitest";
import { hashes } from "../sketch/hashes.test-numbers.ts";
import { addressBudget, Budgets, halfLifeMs } from "./budgets.ts";
import { Shield } from "./shield.ts";
import { maxIdle, maxSilent } from "./watched.ts";
import {
  churns,
  type Course,
  goesAtOnce,
  listens,
  looksAtPage,
  opensSpare,
  staysSilent,
  Visited,
} from "./visits.test-crowd.ts";

const nat = "100.64.0.1";

/** One visitor as browsers are: the page, a connection opened in advance, and the sound. */
function visitor(visited: Visited, address: string): number {
  const courses: Course[] = [looksAtPage, opensSpare, visited.random() < 0.05 ? goesAtOnce : listens];
  return courses.filter((course) => visited.come(address, course) === undefined).length;
}

test.each([1, 5, 20])("SH-1 a carrier NAT of 20,000 honest listeners, come within %d s, is not refused", (within) => {
  const visited = new Visited(within);
  let refused = 0;
  visited.pass(within, () => {
    for (let i = 0; i < 20_000 / within / 10; i++) refused += visitor(visited, nat);
  });
  visited.pass(60);
  for (let i = 0; i < 1000; i++) refused += visitor(visited, nat);
  expect(refused).toBe(0);
  expect(visited.shield.counts.behaved).toBeGreaterThan(10_000);
});

test("SH-1 a carrier NAT of 20,000 honest listeners over TLS, each with a handshake that was made in vain, is not refused", () => {
  const visited = new Visited();
  let refused = 0;
  visited.pass(20, (at) => {
    // A browser's connection that nothing was asked on is closed after five seconds.
    for (let i = 0; i < 400; i++) {
      if (at < 5) refused += visitor(visited, nat);
      if (at >= 5 && at < 10) visited.shield.saw(nat, "unused-handshake");
    }
  });
  expect(refused).toBe(0);
  expect(visited.shield.counts.misdeeds["unused-handshake"]).toBe(20_000);
  expect(visited.shield.admit(nat)).toBe("yes");
});

test("SH-1 a million honest visitors within a minute are all let in, from wherever", { timeout: 120_000 }, () => {
  const visited = new Visited();
  let refused = 0;
  visited.pass(60, () => {
    for (let i = 0; i < 1_000_000 / 600; i++) {
      const share = visited.random();
      const host = Math.floor(visited.random() * 2 ** 24);
      // Some networks have very many of them, most have few; a fifth has IPv6.
      const address =
        share < 0.2
          ? `100.64.${host % 4}.${(host >> 8) % 8}`
          : share < 0.4
            ? `2001:db8:${(host & 0xffff).toString(16)}:${(host >> 20).toString(16)}::1`
            : `${20 + (host % 7)}.${host >> 16}.${(host >> 8) & 255}.${host & 255}`;
      if (visited.come(address, visited.random() < 0.1 ? goesAtOnce : listens) === undefined) refused++;
    }
  });
  expect(refused).toBe(0);
});

test("SH-2 one address that churns is told to wait, then closed, and everybody else comes in", () => {
  const visited = new Visited();
  const came = { attacker: 0, honest: 0, refused: 0 };
  visited.pass(30, () => {
    for (let i = 0; i < 500; i++) if (visited.come("198.51.100.7", churns)) came.attacker++;
    for (const address of ["198.51.100.8", "203.0.113.9"]) {
      came.honest++;
      if (!visited.come(address, listens)) came.refused++;
    }
  });
  const { later, dropped } = visited.shield.counts;
  expect(came.refused).toBe(0);
  expect(came.attacker).toBeLessThan(40_000);
  expect(later).toBeGreaterThan(0);
  expect(dropped).toBeGreaterThan(100_000);
  expect(visited.shield.heavy(1)).toEqual([expect.objectContaining({ prefix: "198.51.100.0/24" })]);
  // Everything is forgiven with time.
  visited.pass((halfLifeMs / 1000) * 4);
  expect(visited.come("198.51.100.7", listens)).toBeDefined();
});

test.each([
  ["bad requests", "bad-request", 2],
  ["slow requests", "slow-request", 4],
  ["answers that are not taken", "undrained", 4],
  ["handshakes that fail", "failed-handshake", 2],
  ["requests for what is not there", "refused", 0.05],
] as const)("SH-3 %s cost their address its budget, and nobody else's", (_, what, points) => {
  const { shield } = new Visited();
  const times = Math.ceil(addressBudget / points) + 2;
  let spent = 0;
  while (!shield.saw("192.0.2.1", what)) spent++;
  expect(Math.abs(spent - times)).toBeLessThan(times * 0.01 + 4);
  expect(shield.admit("192.0.2.1")).toBe("later");
  expect(shield.admit("192.0.2.2")).toBe("yes");
  expect(shield.counts.misdeeds[what]).toBe(spent + 1);
});

test(
  "SH-4 a botnet of 10,000 prefixes, each below what one address may, is caught together, and newcomers are not",
  { timeout: 60_000 },
  () => {
    const visited = new Visited();
    const late = { tries: 0, bots: 0, came: 0, refused: 0 };
    visited.pass(25, (at) => {
      // One a second from each, for which none of them would be refused alone.
      for (let i = 0; i < 1000; i++) {
        const bot = Math.floor(visited.random() * 10_000);
        const address = `10.${bot >> 8}.${bot & 255}.9`;
        const came = visited.come(address, churns);
        if (at >= 20) late.tries++;
        if (at >= 20 && came) late.bots++;
        for (let more = 0; more < 2; more++) if (came) visited.shield.saw(address, "slow-request");
      }
      for (let i = 0; i < 50; i++) {
        late.came++;
        const host = Math.floor(visited.random() * 2 ** 22);
        if (!visited.come(`172.${16 + (host >> 18)}.${(host >> 8) & 255}.${host & 255}`, listens)) late.refused++;
      }
    });
    expect(late.refused).toBe(0);
    expect(late.bots / late.tries).toBeLessThan(0.7);
    expect(visited.shield.budgets.shrunkBy).toBeGreaterThan(1);
  },
);

test("SH-4 however many misbehave, who comes for the first time has spent nothing", () => {
  const budgets = new Budgets();
  const next = hashes(4);
  const stranger = (): { address: number; prefix: number } => ({ address: next(), prefix: next() });
  for (let i = 0; i < 300_000; i++) budgets.charge(stranger(), "slow-request", 100);
  expect(budgets.shrunkBy).toBeGreaterThan(1000);
  for (let i = 0; i < 10_000; i++) expect(budgets.decide(stranger())).toBe("yes");
});

test("SH-5 who tries to have a carrier NAT closed does not succeed: it is told to wait at most, and some always come in", () => {
  const visited = new Visited();
  visited.pass(5, () => {
    for (let i = 0; i < 100; i++) visitor(visited, nat);
  });
  visited.pass(10);
  const { dropped } = visited.shield.counts;
  let [tries, seated] = [0, 0];
  visited.pass(40, () => {
    // The attacker sits behind the same address, and does its worst.
    for (let i = 0; i < 500; i++) {
      visited.come(nat, churns);
      visited.shield.saw(nat, "bad-request");
    }
    for (let i = 0; i < 5; i++) {
      tries++;
      if (visited.come(nat, listens)) seated++;
    }
  });
  expect(visited.shield.counts.dropped).toBe(dropped);
  expect(visited.shield.budgets.spared).toBeGreaterThan(0);
  expect(seated / tries).toBeGreaterThan(0.1);
  // Neighbours in its /24 behave, and do not pay for it.
  expect(visited.come("100.64.0.2", listens)).toBeDefined();
});

test("SH-6 silent and idle connections of one address are closed above a cap, the oldest first; who plays is not touched", () => {
  const visited = new Visited();
  const playing = Array.from({ length: 50 }, () => visited.come(nat, listens));
  visited.pass(5);
  const silent = Array.from({ length: maxSilent + 3000 }, () => visited.come(nat, staysSilent));
  const other = Array.from({ length: maxSilent }, () => visited.come("198.51.100.1", staysSilent));
  visited.pass(3);
  const closed = silent.map((visit) => visit?.closed);
  expect(closed.filter(Boolean).length).toBe(3000 - 50);
  expect(closed.lastIndexOf(true)).toBe(3000 - 50 - 1);
  expect(other.some((visit) => visit?.closed)).toBe(false);
  expect(playing.every((visit) => visit && !visit.closed)).toBe(true);
  const idle = Array.from({ length: maxIdle + 500 }, () => visited.come("203.0.113.1", () => ({ sent: 300, got: 99 })));
  visited.pass(8);
  expect(idle.filter((visit) => visit?.closed).length).toBe(500);
  expect(playing.every((visit) => visit && !visit.closed)).toBe(true);
});

test("SH-6 a flood of handshakes on which nothing is asked is bounded in number, and its address is refused", () => {
  const visited = new Visited();
  const flood = "198.51.100.1";
  // After five seconds the edge closes them.
  const vain: Course = (age) => ({ sent: 517, got: 2400, left: age > 5 });
  const visits: NonNullable<ReturnType<Visited["come"]>>[] = [];
  let [most, over] = [0, 0];
  visited.pass(30, () => {
    for (let i = 0; i < 100; i++) {
      const visit = visited.come(flood, vain);
      if (visit) visits.push(visit);
    }
    for (; visits[over]?.destroyed; over++) visited.shield.saw(flood, "unused-handshake");
    most = Math.max(most, visits.filter(({ destroyed }) => !destroyed).length);
  });
  // 2,048 that are idle, and those of the four seconds until that is known.
  expect(most).toBeLessThan(maxIdle + 5100);
  expect(visits.length).toBeLessThan(15_000);
  expect(visited.come("198.51.100.2", listens)).toBeDefined();
});

test("SH-7 its memory is the same whatever comes, below 4 MiB", () => {
  const visited = new Visited();
  const { shield } = visited;
  const before = shield.byteLength;
  expect(before).toBeLessThan(4 * 1024 * 1024);
  visited.pass(2, () => {
    for (let i = 0; i < 3000; i++) {
      const host = Math.floor(visited.random() * 2 ** 32);
      const address = `${host >>> 24}.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`;
      visited.come(address, churns);
      shield.saw(address, "bad-request");
    }
  });
  expect(shield.byteLength).toBe(before);
  expect(shield.heavy(1000).length).toBeLessThanOrEqual(128);
});

test("SH-8 what comes above the number that is watched is let in unwatched, and counted", () => {
  const shield = new Shield({ key: Buffer.alloc(16), now: 0, maxWatched: 10 });
  const connection = { destroyed: false, bytesRead: 0, bytesWritten: 0, destroy: () => {} };
  for (let i = 0; i < 12; i++) expect(shield.arrive(`192.0.2.${i}`, connection)).toBe("yes");
  expect([shield.watched.size, shield.watched.overflow]).toEqual([10, 2]);
});

test("SH-9 an IPv6 /64 is one address and a /48 its prefix; IPv4 written as IPv6 is IPv4", () => {
  const { shield } = new Visited();
  while (!shield.saw("2001:db8:1:2::3", "bad-request"));
  expect(shield.admit("2001:db8:1:2:ffff::9")).toBe("later");
  expect(shield.admit("2001:db8:1:3::3")).toBe("yes");
  while (!shield.saw("::ffff:192.0.2.1", "bad-request"));
  expect(shield.admit("192.0.2.1")).toBe("later");
  expect(shield.heavy(2).map(({ prefix }) => prefix)).toEqual(
    expect.arrayContaining(["2001:db8:1::/48", "192.0.2.0/24"]),
  );
});

test("SH-10 with a /24 full of misbehaviour its unknown addresses wait, and who behaved there comes in", () => {
  const { shield } = new Visited();
  shield.vouch("192.0.2.200", 1);
  for (let host = 0; host < 100; host++) while (!shield.saw(`192.0.2.${host}`, "bad-request"));
  expect(shield.admit("192.0.2.201")).toBe("later");
  expect(shield.admit("192.0.2.200")).toBe("yes");
  expect(shield.admit("192.0.3.1")).toBe("yes");
});

test("SH-11 who comes again and again at once although refused has to wait longer, within a bound", () => {
  const patient = new Visited();
  const hasty = new Visited();
  for (const { shield } of [patient, hasty]) while (!shield.saw("192.0.2.1", "bad-request"));
  const waits = (visited: Visited, tries: number): number => {
    for (let i = 0; i < tries; i++) visited.shield.admit("192.0.2.1");
    let seconds = 0;
    for (; visited.shield.admit("192.0.2.1") !== "yes"; seconds++) visited.pass(1);
    return seconds;
  };
  expect(waits(patient, 0)).toBeLessThan(5);
  const long = waits(hasty, 100_000);
  expect(long).toBeGreaterThan(10);
  expect(long).toBeLessThan((halfLifeMs / 1000) * 5);
});

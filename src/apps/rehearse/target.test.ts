import { describe, expect, test } from "vitest";
import { Problem } from "../../foundation/errors.ts";
import { permitPath } from "../../wire/rehearsal.ts";
import { awaitPermit } from "./permit.ts";
import { FakeTarget } from "./rehearse.test-target.ts";
import { findSpace } from "./spaces.ts";
import { ask, baseOf, findTarget, type Lookup } from "./target.ts";

const leadsTo =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
const refused = async (work: Promise<unknown>): Promise<Problem> => {
  const thrown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (thrown instanceof Problem) return thrown;
  throw new Error(`no Problem but ${String(thrown)}`);
};

describe("a target's name", () => {
  const url = new URL("http://an.example:8080");

  test("RH-62 counts as this machine's only when every address that it leads to is loopback", async () => {
    const loopback = async (...addresses: string[]): Promise<boolean> =>
      (await findTarget(url, undefined, leadsTo(...addresses))).loopback;
    expect(await loopback("127.0.0.1")).toBe(true);
    expect(await loopback("127.9.9.9", "::1")).toBe(true);
    for (const elsewhere of ["192.0.2.7", "10.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "fe80::1", "128.0.0.1"]) {
      expect([elsewhere, await loopback(elsewhere)]).toEqual([elsewhere, false]);
      expect([elsewhere, await loopback("127.0.0.1", elsewhere)]).toEqual([elsewhere, false]);
    }
    expect((await refused(findTarget(url, undefined, leadsTo()))).code).toBe("target-unreachable");
  });

  test("RH-62 is looked up once: requests go to the address that was checked, and say the name", async () => {
    await using fake = await FakeTarget.start();
    fake.answers.set("/x", { body: "there" });
    let looked = 0;
    const once: Lookup = async () => {
      looked++;
      return looked === 1 ? [{ address: "127.0.0.1", family: 4 }] : [{ address: "192.0.2.7", family: 4 }];
    };
    const target = await findTarget(new URL(`http://an.example:${fake.port}`), undefined, once);
    for (let i = 0; i < 3; i++) expect((await ask(target, "/x")).body.toString()).toBe("there");
    expect([looked, fake.asked[0]?.host]).toEqual([1, `an.example:${fake.port}`]);
    expect(baseOf(target)).toBe(`http://127.0.0.1:${fake.port}`);
    expect(baseOf({ ...target, tls: true, address: "::1" })).toBe(`https://[::1]:${fake.port}`);
  });
});

describe("its Space", () => {
  test("RH-63 is the only one that is live, or the one that is named", async () => {
    await using fake = await FakeTarget.start();
    fake.spaces({ slug: "one", status: "live" }, { slug: "two", status: "scheduled" });
    expect(await findSpace(fake.target(), undefined)).toEqual({ id: "id-one", slug: "one", title: "one" });
    const two = await refused(findSpace(fake.target(), "two"));
    expect([two.code, two.message]).toEqual([
      "target-not-live",
      'The Space "two" is not live but "scheduled". It has one (live), two (scheduled).',
    ]);
    expect((await refused(findSpace(fake.target(), "three"))).message).toContain('no Space "three"');
    fake.spaces({ slug: "one", status: "live" }, { slug: "two", status: "live" });
    expect((await refused(findSpace(fake.target(), undefined))).message).toMatch(/2 Spaces are live/);
    expect((await findSpace(fake.target(), "two")).slug).toBe("two");
    fake.spaces();
    expect((await refused(findSpace(fake.target(), undefined))).message).toMatch(/No Space is live.*It has no Spaces/);
  });

  test("RH-63 one that is due is waited for, one that begins later is not", async () => {
    await using fake = await FakeTarget.start();
    const startAt = new Date().toISOString();
    for (const named of [undefined, "one"]) {
      fake.spaces({ slug: "one", status: "lobby", startAt });
      const found = findSpace(fake.target(), named);
      const asked = fake.asked.length;
      await expect.poll(() => fake.asked.length).toBeGreaterThan(asked + 1);
      fake.spaces({ slug: "one", status: "live", startAt });
      expect((await found).slug).toBe("one");
    }
    fake.spaces({ slug: "one", status: "lobby", startAt: new Date(Date.now() + 60_000).toISOString() });
    expect((await refused(findSpace(fake.target(), undefined))).code).toBe("target-not-live");
    expect((await refused(findSpace(fake.target(), "one"))).code).toBe("target-not-live");
  });

  test("RH-63 a target that does not answer, or is something else, is told apart from one without Spaces", async () => {
    const gone = await FakeTarget.start();
    const target = gone.target();
    expect((await refused(findSpace(target, undefined))).message).toContain("no Rostra");
    gone.answers.set("/live/x/state.json", { body: "<html>" });
    expect((await refused(findSpace(target, "x"))).message).toContain("no Rostra");
    await gone[Symbol.asyncDispose]();
    expect((await refused(findSpace(target, undefined))).code).toBe("target-unreachable");
    expect((await refused(findSpace(target, "x"))).message).toContain("ECONNREFUSED");
  });
});

describe("a permit", () => {
  const never = new AbortController().signal;
  const quick = (patience: number) => ({ patience, every: 20, recheck: 20 });
  const wish = { listeners: 100, attacks: ["request-flood"], seconds: 30 };
  /** Answers the code that is printed as its owner's server would. */
  const given = (fake: FakeTarget, permit: object) => {
    let said = "";
    return {
      said: () => said,
      tell: (text: string) => {
        said += text;
        const code = /rehearsal-permit ([0-9a-f]{32})/.exec(text)?.[1] ?? "";
        fake.answers.set(permitPath(code), { body: { v: 1, code, until: Date.now(), ...permit } });
      },
    };
  };

  test("RH-66 is waited for, and gives the run an end", async () => {
    await using fake = await FakeTarget.start();
    const owner = given(fake, { leftMs: 60_000, listeners: 100 });
    const permitted = await awaitPermit(fake.target({ loopback: false }), wish, owner.tell, never, quick(20_000));
    expect(owner.said()).toMatch(/100 listeners, and the attacks request-flood/);
    expect(permitted.holds()).toBe(true);
    permitted.end();
    const short = given(fake, { leftMs: 1, listeners: 100 });
    const over = await awaitPermit(fake.target({ loopback: false }), wish, short.tell, never, quick(20_000));
    await expect.poll(() => over.holds(), { timeout: 20_000 }).toBe(false);
    over.end();
  });

  test("RH-66 that is withdrawn ends the run; a target that does not answer withdraws nothing", async () => {
    const fake = await FakeTarget.start();
    const owner = given(fake, { leftMs: 600_000, listeners: 100 });
    const permitted = await awaitPermit(fake.target({ loopback: false }), wish, owner.tell, never, quick(20_000));
    for (const [path] of fake.answers) fake.answers.set(path, { status: 503, body: {} });
    const before = fake.asked.length;
    await expect.poll(() => fake.asked.length, { timeout: 20_000 }).toBeGreaterThan(before + 3);
    expect(permitted.holds()).toBe(true);
    fake.answers.clear();
    await expect.poll(() => permitted.holds(), { timeout: 20_000 }).toBe(false);
    permitted.end();
    await fake[Symbol.asyncDispose]();
  });

  test("RH-66 that is not given, is for fewer, or is another's ends it before it begins", async () => {
    await using fake = await FakeTarget.start();
    const target = fake.target({ loopback: false });
    expect((await refused(awaitPermit(target, wish, () => {}, never, quick(300)))).code).toBe("permit-not-given");
    const few = given(fake, { leftMs: 60_000, listeners: 99 });
    expect((await refused(awaitPermit(target, wish, few.tell, never, quick(20_000)))).message).toContain(
      "It permits 99 listeners",
    );
    const other = given(fake, { leftMs: 60_000, listeners: 100, code: "0".repeat(32) });
    expect((await refused(awaitPermit(target, wish, other.tell, never, quick(300)))).code).toBe("permit-not-given");
    const wrong = given(fake, { leftMs: -1, listeners: "many" });
    expect((await refused(awaitPermit(target, wish, wrong.tell, never, quick(300)))).code).toBe("permit-not-given");
  });
});

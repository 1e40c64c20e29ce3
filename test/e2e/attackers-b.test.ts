import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AttackerName } from "../../src/rehearsal/attackers/contract.ts";
import { type Speaker, speaker } from "./on-stage.ts";
import { expectNothingLeft, expectOriginUnmoved, expectUnnoticed, expectWithinMemory } from "./owed.ts";
import { expectWell } from "./refusals.ts";
import { Resources, type Used } from "./resources.ts";
import { type Attacked, UnderAttack } from "./under-attack.ts";

/** Each attack comes for so long; with ROSTRA_ATTACK_SECONDS=60 it is a soak. */
const seconds = Number(process.env["ROSTRA_ATTACK_SECONDS"] ?? 3);

let house: UnderAttack;
let onStage: Speaker;
beforeAll(async () => {
  house = await UnderAttack.start();
  await house.server.claim();
  onStage = await speaker(house.server);
}, 60_000);
afterAll(async () => {
  await onStage?.[Symbol.asyncDispose]();
  await house?.[Symbol.asyncDispose]();
});

/** What the owner and the speaker see while an attack goes on, beside what `UnderAttack` tells of the listeners. */
interface Seen extends Attacked {
  /** What the owner asked of control that it did not answer. */
  readonly refused: readonly string[];
  readonly asked: number;
  /** Looks at the programmes, and those at which there was hold audio or the speaker was away. */
  readonly looksAtStage: number;
  readonly away: number;
  /** Packets that the speaker heard of the stage. */
  readonly heardOnStage: number;
  readonly control: Used;
}

/** As a person would, who tries again when a busy server says so. */
async function askAsOwner(tries = 8): Promise<void> {
  await house.server.api("GET", "/ops").catch(async (thrown: unknown) => {
    if (tries === 1) throw thrown;
    await sleep(1000);
    await askAsOwner(tries - 1);
  });
}

/** Answers of any of these kinds. */
const answersOf = ({ told }: Attacked, ...kinds: readonly string[]): number =>
  kinds.reduce((sum, kind) => sum + (told.counts.answered[kind] ?? 0), 0);

async function whileSeen(name: AttackerName, strength: number): Promise<Seen> {
  const { server } = house;
  const control = new Resources(await server.pid("control")).watch();
  const heardBefore = onStage.heard;
  const refused: string[] = [];
  let asked = 0;
  let looksAtStage = 0;
  let away = 0;
  const over = new AbortController();
  const look = async (): Promise<void> => {
    for (; !over.signal.aborted; await sleep(250)) {
      asked++;
      await askAsOwner().catch((thrown: unknown) => refused.push(String(thrown)));
      looksAtStage++;
      const { hold } = await server.state("demo");
      if (hold || !(await onStage.isOnAir())) away++;
    }
  };
  const looking = look();
  const attacked = await house.whileAttacked(name, strength, seconds).finally(() => over.abort());
  await looking;
  return {
    ...attacked,
    refused,
    asked,
    looksAtStage,
    away,
    heardOnStage: onStage.heard - heardBefore,
    control: await control(),
  };
}

/** `stage`: the demo and the speaker went on, and the speaker heard the stage. A machine that stalls may cost some looks. */
async function expectOnAir({ looksAtStage, away, heardOnStage }: Seen): Promise<void> {
  expect(looksAtStage).toBeGreaterThan(0);
  expect(away).toBeLessThanOrEqual(looksAtStage / 2);
  // 50 a second, had the machine nothing else to do.
  expect(heardOnStage).toBeGreaterThan(5 * seconds);
  await expect.poll(() => onStage.isOnAir(), { timeout: 15_000 }).toBe(true);
}

/** The API answered whatever the owner asked, and control took no more than so much memory for it. */
function expectOwnerHeard({ refused, asked, control }: Seen): void {
  expect(asked).toBeGreaterThan(0);
  expect(refused).toEqual([]);
  expect(control.most - control.before).toBeLessThan(192 * 2 ** 20);
}

test("RH-101 header bombs: what is too large is refused, the rest answered, and memory stays what it is", async () => {
  const attacked = await house.whileAttacked("header-bombs", 500, seconds);
  expect(attacked.told.counts.sent).toBeGreaterThan(300);
  expect(answersOf(attacked, "431")).toBeGreaterThan(20);
  expect(answersOf(attacked, "200")).toBeGreaterThan(5);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
  expectWithinMemory(attacked);
}, 60_000);

test("RH-103 a stage flood: the speaker stays and is heard, and no answer to a datagram is larger than its question", async () => {
  const attacked = await whileSeen("stage-flood", 2000);
  const { answered, sent } = attacked.told.counts;
  expect(sent).toBeGreaterThan(500);
  // Offers that were no invited speaker's, and joins of the room.
  expect(answersOf(attacked, "401", "429", "503")).toBeGreaterThan(20);
  expect(answersOf(attacked, "closed 4401", "503")).toBeGreaterThan(5);
  expect(answered["201"]).toBeUndefined();
  expect(answered["larger datagram"]).toBeUndefined();
  await expectOnAir(attacked);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
}, 60_000);

test("RH-104 a WebSocket flood: the rooms' caps hold, and the stage goes on", async () => {
  const attacked = await whileSeen("websocket-flood", 1000);
  expect(answersOf(attacked, "101")).toBeGreaterThan(50);
  // Junk; a frame that is too large; one message after the other.
  expect(answersOf(attacked, "closed 4403", "closed 1009", "closed 1008")).toBeGreaterThan(10);
  await expectOnAir(attacked);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
  expectOwnerHeard(attacked);
  await expectNothingLeft(house);
}, 60_000);

test("RH-102 an API flood: control answers the owner, and no guess is right", async () => {
  const attacked = await whileSeen("api-flood", 500);
  const { answered, sent } = attacked.told.counts;
  expect(sent).toBeGreaterThan(300);
  // What was answered, refused for what it was, or for there being too much of it.
  expect(answersOf(attacked, "200", "400", "401", "404", "429", "503")).toBeGreaterThan(100);
  expect(answersOf(attacked, "400", "401", "404", "429")).toBeGreaterThan(5);
  // Neither signed in, nor invited, nor made, nor ended.
  expect([answered["201"], answered["204"]]).toEqual([undefined, undefined]);
  expectOwnerHeard(attacked);
  await expectOnAir(attacked);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
}, 60_000);

test("RH-105 fake listeners: who plays does not notice, and who comes gets sound", async () => {
  const attacked = await house.whileAttacked("fake-listeners", 1000, seconds);
  expect(attacked.mostOpen).toBeGreaterThan(300);
  expect(attacked.told.counts.bytesReceived).toBeGreaterThan(500_000);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
  expectWithinMemory(attacked);
  await expectNothingLeft(house);
}, 60_000);

test("RH-106 hijacked players: nobody notices, and each segment is asked for upstream once", async () => {
  const attacked = await house.whileAttacked("hijacked-players", 300, seconds);
  expect(answersOf(attacked, "200")).toBeGreaterThan(300);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
}, 60_000);

test("RH-107 a retry storm: who plays does not notice, and who comes gets sound", async () => {
  const attacked = await house.whileAttacked("retry-storm", 300, seconds);
  // All came, were cut off, and came again.
  expect(attacked.told.counts.connected).toBeGreaterThan(300);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
  await expectNothingLeft(house);
}, 60_000);

test("RH-100 range abuse: nobody notices, and of what is live nothing more is asked upstream", async () => {
  // There is a replay to take ranges of.
  const { id } = onStage.space;
  await house.server.api("POST", `/spaces/${id}/end`);
  await house.server.until(id, ({ status, replay }) => status === "ended" && replay);
  const attacked = await house.whileAttacked("range-abuse", 500, seconds);
  for (const [kind, least] of [
    ["200", 20],
    ["206", 5],
    ["416", 5],
  ] as const)
    expect(answersOf(attacked, kind)).toBeGreaterThan(least);
  expect(attacked.grown(/^rostra_edge_upstream_fetches_total\{.*kind="download"/)).toBeGreaterThan(5);
  expectUnnoticed(attacked);
  expectOriginUnmoved(attacked);
  expectWithinMemory(attacked);
  await expectWell(house.server);
}, 60_000);

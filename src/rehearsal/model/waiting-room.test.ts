import { describe, expect, test } from "vitest";
import { ms } from "../../foundation/duration.ts";
import { behaviour } from "./behaviour.ts";
import { fresh, rejoin } from "./costs.ts";
import { steadfast } from "./questions.fixture.ts";
import { firstAttempt, firstOfPlayer, WaitingRoom } from "./waiting-room.ts";

/** When (seconds from now) people come out, and how many. */
function outOf(room: WaitingRoom, seconds: number): { at: number; people: number }[] {
  const out: { at: number; people: number }[] = [];
  for (let slot = 0; slot < seconds * 10; slot++) {
    const people = room.advance(slot / 10, 1).reduce((sum, one) => sum + one.people, 0);
    if (people > 1e-9) out.push({ at: slot / 10, people });
  }
  return out;
}

describe("people between two attempts", () => {
  test("RH-7 the kernel tries a connection again after 1, 2, 4, 8 and 16 s", () => {
    for (const [attempt, pause] of [1, 2, 4, 8, 16].entries()) {
      const room = new WaitingRoom(steadfast);
      room.unanswered(fresh, firstAttempt + attempt, 100, 0);
      expect(outOf(room, 20)).toEqual([{ at: pause, people: 100 }]);
    }
  });

  test("RH-7 a player comes back after a random part of a pause that doubles up to 8 s, and rarely once its budget is spent", () => {
    for (const [i, pause] of [0.5, 1, 2, 4, 8, 8, 8, 30, 30].entries()) {
      const room = new WaitingRoom(steadfast);
      room.refused(rejoin, firstOfPlayer + i, 1000, 0);
      const out = outOf(room, 40);
      expect(out.reduce((sum, { people }) => sum + people, 0)).toBeCloseTo(1000, 6);
      // Evenly over the whole pause: full jitter.
      expect(out[0]?.at).toBe(0);
      expect(out.at(-1)?.at).toBeCloseTo(pause, 6);
      expect(Math.max(...out.map(({ people }) => people))).toBeLessThanOrEqual(1000 / (pause * 10) + 1e-9);
    }
  });

  test("RH-7 people keep their first moment through all of it, and reload only once their patience is over", () => {
    const room = new WaitingRoom({ ...behaviour, patience: ms(5000) });
    // They came at second −1, and their connection will be tried again in 16 s.
    room.unanswered(fresh, 4, 1000, -1000);
    let [reloaded, came] = [0, 0];
    for (let slot = 0; slot < 100; slot++) {
      for (const one of room.advance(slot / 10, 1)) {
        if (slot < 40) expect(one.people).toBe(0);
        reloaded += one.people;
        came += one.came;
      }
    }
    // From second 4 to 10: 1 − e^(−6/20) of them, less those who gave up.
    expect(reloaded).toBeGreaterThan(230);
    expect(reloaded).toBeLessThan(270);
    expect(came / reloaded).toBeCloseTo(-1, 9);
    expect(room.size + reloaded + (room.gaveUp[fresh] ?? 0)).toBeCloseTo(1000, 6);
    expect(room.gaveUp[fresh]).toBeGreaterThan(0);
  });
});

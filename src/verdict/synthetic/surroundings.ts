import type { Capacity } from "../capacity.ts";
import { Chance } from "./chance.ts";
import type { Scene } from "./scene.ts";

/** What is around the traffic of a scene, drawn by chance of its own: what was proven before, and how prices were met. */
export function surroundingsOf(
  { seed, crowd, attack }: { readonly seed: number; readonly crowd?: string; readonly attack?: string },
  people: number,
  scene: Scene,
): { readonly capacity: Capacity | undefined } {
  const chance = new Chance(seed ^ 0x51ed270b);
  const capacity = chance.is(0.5)
    ? undefined
    : {
        players: Math.ceil(people * chance.between(1.1, 3)),
        joinsPerSecond: Math.ceil((people / 30) * chance.between(1.1, 3)),
        provedBy: "a made-up rehearsal",
      };
  if (crowd && chance.is(0.5)) handsOf(chance, people, scene);
  if (attack === "api-flood" && chance.is(0.5)) ignoredBy(chance, scene);
  return { capacity };
}

/** Where many raise their hands each is told a price: people pay it or let it be, and a few ask on. */
function handsOf(chance: Chance, people: number, scene: Scene): void {
  const persists = chance.between(0, 0.08);
  for (let second = 130; second < scene.seconds; second += 10) {
    const told = chance.poisson(people * 0.01);
    const persisting = chance.poisson(told * persists);
    scene.tally(second, { pricesTold: told + persisting, pricesToldPersisting: persisting, pricesPaid: told * 0.6 });
  }
}

/** Whoever floods acts that have a price ignores it and goes on, but for the first that each address leaves unanswered. */
function ignoredBy(chance: Chance, scene: Scene): void {
  const persists = chance.between(0.7, 0.99);
  for (let second = 100; second < scene.seconds; second += 10) {
    const told = chance.poisson(chance.scale(30, 3000));
    scene.tally(second, { pricesTold: told, pricesToldPersisting: told * persists });
  }
}

import type { Capacity } from "../capacity.ts";
import type { EdgeEvidence } from "../series.ts";
import { assaultOf, type AttackKindName, attacks, quietEvening } from "./attacks.ts";
import { audience, type CrowdName, crowds, type FaultName, faults, peopleOf } from "./crowds.ts";
import { Scene, type Truth } from "./scene.ts";
import { surroundingsOf } from "./surroundings.ts";

/** What happens in a scene, and by which seed. */
export interface Scenario {
  readonly seed: number;
  /** @default a quiet evening with some listeners */
  readonly crowd?: CrowdName;
  readonly attack?: AttackKindName;
  /** The attack's strength as a share of the whole load while it goes on, in (0, 1). @default drawn, 0.05 to 0.95 */
  readonly share?: number;
  readonly fault?: FaultName;
  /** How many people come. @default drawn, 150 to 3,000 */
  readonly people?: number;
}

export interface Staged {
  readonly scenario: Scenario;
  readonly evidence: EdgeEvidence;
  readonly truth: readonly Truth[];
  /** When the attack begins, seconds into the scene. */
  readonly attackFrom: number | undefined;
  /** What a rehearsal has proven of this server; of half of them none has anything. */
  readonly capacity: Capacity | undefined;
}

export const crowdNames = Object.keys(crowds) as CrowdName[];
export const faultNames = Object.keys(faults) as FaultName[];
export const attackKinds = Object.keys(attacks) as AttackKindName[];

/** Plays a scenario: the same seed gives the same evidence on every machine. */
export function stage(scenario: Scenario): Staged {
  const scene = new Scene(scenario.seed);
  const { chance } = scene;
  const isFirst = scenario.crowd === "first-event" || chance.is(0.1);
  const drawn = peopleOf(scene, isFirst ? { known: 0 } : {});
  const people = { ...drawn, count: scenario.people ?? drawn.count };
  if (scenario.crowd) {
    if (scenario.crowd !== "end-herd")
      audience(scene, people, isFirst ? 0 : Math.round(people.count * chance.between(0.02, 0.4)));
    crowds[scenario.crowd](scene, people);
  } else if (scenario.fault) {
    faults[scenario.fault](scene, people);
  } else quietEvening(scene, people);
  let attackFrom: number | undefined;
  if (scenario.attack) {
    const share = scenario.share ?? chance.between(0.05, 0.95);
    // What the people cost while they are most: some newcomers and everybody who listens.
    const honest = Math.max(2, (scenario.crowd ? people.count : Math.min(400, people.count)) * 0.02);
    const assault = assaultOf(scene, (honest * share) / (1 - share));
    attackFrom = scenario.attack === "low-and-slow" ? 60 : assault.from;
    attacks[scenario.attack](scene, assault, people);
  }
  const around = surroundingsOf(scenario, people.count, scene);
  return { scenario, ...scene.end(), attackFrom, ...around };
}

import { sceneBegins } from "./scene.ts";
import { type Scenario, stage, type Staged } from "./scenarios.ts";

/** Made-up evenings that show what a report looks like; the same on every machine. */
export const samples = ["crowd", "attack-in-crowd", "own-fault", "mimic"] as const;
export type Sample = (typeof samples)[number];

const scenarios: Readonly<Record<Sample, Scenario>> = {
  crowd: { seed: 12, crowd: "announced" },
  "attack-in-crowd": { seed: 21, crowd: "announced", attack: "request-flood", share: 0.6 },
  "own-fault": { seed: 33, fault: "retry-bug" },
  mimic: { seed: 44, crowd: "announced", attack: "mimic", share: 0.5 },
};

export interface SampleEvening extends Staged {
  readonly from: number;
}

export const sampleOf = (sample: Sample): SampleEvening => ({ ...stage(scenarios[sample]), from: sceneBegins });

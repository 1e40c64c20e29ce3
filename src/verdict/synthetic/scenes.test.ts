import { expect, test } from "vitest";
import { seriesOf } from "../series.ts";
import { attackKinds, crowdNames, faultNames, type Scenario, stage } from "./scenarios.ts";

test("VE-41 scenes are the same for the same seed and others for others, and whose the load is sums up", () => {
  const scenario: Scenario = { seed: 77, crowd: "push", attack: "request-flood", share: 0.5 };
  const [one, again, other] = [scenario, scenario, { ...scenario, seed: 78 }].map((of) => JSON.stringify(stage(of)));
  expect(one).toBe(again);
  expect(one).not.toBe(other);
  const { truth } = stage(scenario);
  const [crowd, attack, fault] = (["crowd", "attack", "fault"] as const).map((cause) =>
    truth.reduce((sum, slice) => sum + slice[cause], 0),
  );
  expect(fault).toBe(0);
  expect(attack).toBeGreaterThan(100);
  expect(crowd).toBeGreaterThan(100);
});

test("VE-41 every kind of scene gives a series of thirty slices with people in it", () => {
  const all: Scenario[] = [
    ...crowdNames.map((crowd, i) => ({ seed: 100 + i, crowd })),
    ...faultNames.map((fault, i) => ({ seed: 200 + i, fault })),
    ...attackKinds.map((attack, i) => ({ seed: 300 + i, attack, share: 0.5 })),
  ];
  for (const scenario of all) {
    const { evidence, truth } = stage(scenario);
    const { slices } = seriesOf([evidence]);
    expect({ scenario, slices: slices.length }).toEqual({ scenario, slices: 30 });
    expect(Math.max(...slices.map(({ players }) => players))).toBeGreaterThan(20);
    const isAttacked = truth.some(({ attack }) => attack > 0);
    // An edge sees nothing of datagrams at the stage.
    expect({ scenario, isAttacked }).toEqual({
      scenario,
      isAttacked: "attack" in scenario && scenario.attack !== "stage-flood",
    });
  }
});

import { expect, test } from "vitest";
import { manualClock } from "../foundation/clock.ts";
import { epochMs, seconds } from "../foundation/duration.ts";
import { Admission, admissionDefaults } from "./admission.ts";

const none = { inSpace: 0, total: 0, connecting: 0 };
const full = expect.objectContaining({ status: 503, code: "stage-full" });
const busy = expect.objectContaining({ status: 503, code: "stage-busy", retryAfter: expect.any(Number) });

test("ST-60 a Space, the process and those connecting have their caps", () => {
  const admission = new Admission(manualClock(epochMs(0)));
  admission.admit({ ...none, inSpace: admissionDefaults.perSpace - 1 });
  expect(() => admission.admit({ ...none, inSpace: admissionDefaults.perSpace })).toThrow(full);
  expect(() => admission.admit({ ...none, total: admissionDefaults.total })).toThrow(full);
  expect(() => admission.admit({ ...none, connecting: admissionDefaults.connecting })).toThrow(busy);
});

test("ST-61 new sessions come at a bounded rate, with room for a whole stage at once", () => {
  const clock = manualClock(epochMs(0));
  const admission = new Admission(clock, { perSecond: 2, burst: 5 });
  const letIn = (): number => {
    for (let n = 0; ; n++) {
      try {
        admission.admit(none);
      } catch (refused) {
        expect(refused).toEqual(busy);
        return n;
      }
    }
  };
  expect(letIn()).toBe(5);
  clock.advance(seconds(2));
  expect(letIn()).toBe(4);
  clock.advance(seconds(3600));
  expect(letIn()).toBe(5);
});

import { expect, test } from "vitest";
import { sparklinePoints } from "./sparkline.tsx";

test("OP-3 a sparkline ends at the right edge, shows only the last values, and zero is its foot", () => {
  expect(sparklinePoints([9, 0, 5, 10], 3)).toBe("0.0,26.0 60.0,14.0 120.0,2.0");
  expect(sparklinePoints([0.5], 3, 1)).toBe("120.0,14.0");
  expect(sparklinePoints([], 3)).toBe("");
});

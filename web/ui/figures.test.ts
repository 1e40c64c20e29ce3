import { expect, test } from "vitest";
import { bytesText, coreText, msText, spanText } from "./figures.ts";

test("OP-4 figures are short and carry their unit", () => {
  expect(bytesText(48_200_000)).toBe("48.2 MB");
  expect(bytesText(1_230_000_000)).toBe("1.23 GB");
  expect(coreText(0.034)).toBe("3.4 %");
  expect(coreText(0.5)).toBe("50 %");
  expect(msText(2.34)).toBe("2.3 ms");
  expect(msText(120.7)).toBe("121 ms");
});

test.each([
  [0, "0 s"],
  [59, "59 s"],
  [125, "2 min 5 s"],
  [3600, "1 h"],
  [90_061, "1 d 1 h"],
])("OP-4 %i seconds read %s", (seconds, text) => {
  expect(spanText(seconds)).toBe(text);
});

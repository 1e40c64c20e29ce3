import { expect, test } from "vitest";
import type { Ops } from "../../src/wire/api.ts";
import { useMessages } from "../i18n/catalogue.ts";
import words from "../i18n/en/ops.ts";
import { troubles } from "./ops-page.tsx";

useMessages(words, "en");
const one = { up: true, rss: 1, cpuSeconds: 1, uptimeSeconds: 1, loopDelaySeconds: 0, restarts: 0, edge: null };
const fine: Ops = {
  now: "2031-01-01T00:00:00.000Z",
  processes: [
    { ...one, name: "origin" },
    { ...one, name: "stage" },
  ],
  spaces: [],
  listeners: 0,
  sockets: 0,
  links: { origin: true, stage: true },
};

test("OP-5 what is wrong is said in sentences, and nothing when nothing is", () => {
  expect(troubles(fine)).toEqual([]);
  const down = {
    ...fine,
    processes: [
      { ...one, name: "origin" },
      { ...one, name: "stage", up: false },
    ],
  };
  expect(troubles({ ...down, links: { origin: false, stage: false } })).toEqual([
    "1 process is down and is being started again",
    expect.stringContaining("does not hear the origin"),
    expect.stringContaining("does not hear the stage"),
  ]);
});

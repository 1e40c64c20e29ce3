import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const there = spawnSync("systemd-analyze", ["--version"]).status === 0;

test.skipIf(!there)("ED-79 systemd takes the unit as it is", () => {
  const unit = resolve(import.meta.dirname, "../../deploy/systemd/rostra.service");
  const checked = spawnSync("systemd-analyze", ["verify", unit]);
  expect([checked.status, checked.stderr.toString()]).toEqual([0, ""]);
});

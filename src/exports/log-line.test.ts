import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { actionOn } from "./action.fixture.ts";
import { logFile, logLine } from "./log-line.ts";
import type { Action } from "./recommendations.ts";

const deploy = resolve(import.meta.dirname, "../../deploy/shield");
const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
const line = (text: string, more: Partial<Action> = {}): string => logLine(actionOn(text, more), at, "edge-1.2");
const blocks = ["192.0.2.7", "198.51.100.0/24", "2001:db8:1:2::/64", "2001:db8:1::/48"].map((text) => line(text));
const others = [
  line("192.0.2.8", { what: "would-block" }),
  line("192.0.2.9", { what: "expired" }),
  line("192.0.2.10", { what: "refused-by-guard", guard: "allowed", reason: "192.0.2.0/24 is allowed" }),
  line("192.0.2.11", { what: "refused-by-guard", guard: "busy", reason: "x] block prefix=192.0.2.12/32 seconds=60" }),
  "2026-01-02T03:04:05.678Z other[1]: block prefix=192.0.2.13/32 seconds=60",
];

test("EX-40 a line has one format", () => {
  expect(blocks[0]).toBe(
    '2026-01-02T03:04:05.678Z rostra-shield[edge-1.2]: block prefix=192.0.2.7/32 seconds=60 refused=812 addresses=1 hits=0 of=5012 guard=- reason="came on although refused"',
  );
});

test("EX-40 lines are added at a file's end, also when it has been rotated", async () => {
  const folder = await mkdtemp(join(tmpdir(), "exports-"));
  const path = join(folder, "shield.log");
  const output = logFile({ path, process: "edge-1.2", now: () => at.getTime() });
  await output.tell(actionOn("192.0.2.7"));
  await output.tell(actionOn("198.51.100.0/24"));
  await rename(path, `${path}.1`);
  await output.tell(actionOn("2001:db8:1:2::/64"));
  expect(await readFile(`${path}.1`, "utf8")).toBe(`${blocks[0]}\n${blocks[1]}\n`);
  expect(await readFile(path, "utf8")).toBe(`${blocks[2]}\n`);
  expect((await stat(path)).mode & 0o007).toBe(0);
  await rm(folder, { recursive: true });
});

test("EX-40 fail2ban's filter takes blocks, with their prefixes, and nothing else", async () => {
  const filter = await readFile(join(deploy, "fail2ban/filter.conf"), "utf8");
  const [, expression = ""] = /^failregex = (.*)$/m.exec(filter) ?? [];
  // What fail2ban puts in the place of <SUBNET>, and it takes the time that it has read out of the line.
  const subnet = String.raw`(?<prefix>(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{1,4}::?|:){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):)?)/\d+)`;
  const pattern = new RegExp(expression.replace("<SUBNET>", subnet));
  const found = (text: string): string | undefined =>
    pattern.exec(text.replace(at.toISOString(), ""))?.groups?.["prefix"];
  expect(blocks.map(found)).toEqual(["192.0.2.7/32", "198.51.100.0/24", "2001:db8:1:2::/64", "2001:db8:1::/48"]);
  expect(others.map(found)).toEqual(others.map(() => undefined));
});

test("EX-40 CrowdSec's parser takes blocks, with their prefixes, and nothing else; its scenario and its profile go with it", async () => {
  const [parser = "", scenario, profile] = await Promise.all(
    ["parser", "scenario", "profile"].map((name) => readFile(join(deploy, `crowdsec/${name}.yaml`), "utf8")),
  );
  const [, expression = ""] = /^ {2}pattern: '(.*)'$/m.exec(parser) ?? [];
  const [, address = ""] = /^ {2}ROSTRA_ADDRESS: "(.*)"$/m.exec(parser) ?? [];
  const patterns: Record<string, string> = {
    TIMESTAMP_ISO8601: String.raw`[\d:.TZ-]+`,
    INT: String.raw`\d+`,
    ROSTRA_ADDRESS: address,
  };
  const pattern = new RegExp(
    expression.replaceAll(/%\{(\w+):(\w+)\}/g, (_, of: string, name: string) => `(?<${name}>${patterns[of]})`),
  );
  const found = (text: string): string | undefined => {
    const { address: from, width } = pattern.exec(text)?.groups ?? {};
    return from && `${from}/${width}`;
  };
  expect(blocks.map(found)).toEqual(["192.0.2.7/32", "198.51.100.0/24", "2001:db8:1:2::/64", "2001:db8:1::/48"]);
  expect(others.map(found)).toEqual(others.map(() => undefined));
  expect(scenario).toContain("rostra_block");
  expect(profile).toContain(`"${/^name: (.*)$/m.exec(scenario ?? "")?.[1]}"`);
});

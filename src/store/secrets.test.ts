import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSecrets } from "./secrets.ts";

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "rostra-secrets-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

test("DB-40 secrets are made at first run, for this user only, and stay the same", async () => {
  const first = await openSecrets(join(data, "new"));
  const again = await openSecrets(join(data, "new"));
  expect(first.key("invite")).toHaveLength(32);
  expect(again.key("invite").equals(first.key("invite"))).toBe(true);
  expect(first.key("people").equals(first.key("invite"))).toBe(false);
  expect((await stat(join(data, "new", "secrets.json"))).mode & 0o777).toBe(0o600);
  const other = await openSecrets(join(data, "other"));
  expect(other.key("invite").equals(first.key("invite"))).toBe(false);
});

test("DB-40 of first runs that come at once all end with the same secrets and leave no draft", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => openSecrets(data)));
  expect(new Set(all.map((one) => one.key("invite").toString("hex"))).size).toBe(1);
  expect(await readdir(data)).toEqual(["secrets.json"]);
});

test("DB-41 secrets that others can read are refused, and the file is left", async () => {
  const before = await openSecrets(data);
  const path = join(data, "secrets.json");
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(path, mode);
    await expect(openSecrets(data)).rejects.toMatchObject({
      code: "secrets-exposed",
      action: expect.stringContaining("chmod 600"),
    });
  }
  await chmod(path, 0o600);
  expect((await openSecrets(data)).key("x").equals(before.key("x"))).toBe(true);
});

test("DB-42 a damaged file is refused, not replaced, and never quoted", async () => {
  const path = join(data, "secrets.json");
  const short = JSON.stringify({ v: 1, root: Buffer.alloc(31, 7).toString("base64url") });
  const cases = ["", "{", "null", '{"v":2,"root":"x"}', short, short.slice(0, -3)];
  for (const text of cases) {
    await writeFile(path, text, { mode: 0o600 });
    const failure: unknown = await openSecrets(data).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: "secrets-damaged" });
    expect(String((failure as Error).message)).not.toContain("BwcH");
    expect(await readFile(path, "utf8")).toBe(text);
  }
});

test("DB-27 secrets in a folder that cannot be made are refused with the user's next step", async () => {
  await writeFile(join(data, "file"), "");
  await expect(openSecrets(join(data, "file", "data"))).rejects.toMatchObject({ code: "data-not-writable" });
});

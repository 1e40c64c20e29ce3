import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openSecrets } from "../../store/secrets.ts";
import { main } from "../command-line.ts";
import { edgeKeyText, readEdgeKey } from "./key.ts";
import { edgeOptions } from "./options.ts";

let folder: string;
let key: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edges-"));
  key = edgeKeyText(await openSecrets(folder));
  file = join(folder, "key");
  await writeFile(file, `${key}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const read = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  edgeOptions(["--data", folder, "--log", "json", ...words], env);
const upstream = ["--upstream", "https://live.example.org"];

test("SV-50 rostra edge takes its upstreams in order, and a key from a file or the environment", async () => {
  const words = ["--upstream", "https://live.example.org/,http://10.0.0.2:8080", "--key-file", file, "--workers", "3"];
  expect(await read([...words, "--public-url", "https://edge1.example.org/"])).toMatchObject({
    upstreams: ["https://live.example.org", "http://10.0.0.2:8080"],
    key,
    edges: 3,
    publicUrl: "https://edge1.example.org",
  });
  const env = { ROSTRA_UPSTREAM: "http://a.example,http://b.example", ROSTRA_EDGE_KEY: key };
  expect(await read([], env)).toMatchObject({ upstreams: ["http://a.example", "http://b.example"], key, edges: 2 });
});

test("SV-50 upstreams and words that are off are refused with what they take", async () => {
  const wrong = [
    [],
    ["--upstream", ""],
    ["--upstream", "live.example.org"],
    ["--upstream", "ftp://live.example.org"],
    ["--upstream", "https://live.example.org/live"],
    ["--upstream", "https://live.example.org/?a"],
    ["--upstream", "https://user:pass@live.example.org"],
    ["--upstream", "http://a.example,http://a.example/"],
    ["--upstream", Array.from({ length: 9 }, (_, i) => `http://e${i}.example`).join()],
    [...upstream, "--workers", "0"],
    [...upstream, "--key", key],
  ];
  for (const words of wrong)
    await expect(read([...words, "--key-file", file])).rejects.toMatchObject({ code: "usage", status: 400 });
});

test("SV-51 a key that is missing, damaged or open to others is refused, and never told", async () => {
  await expect(read(upstream)).rejects.toMatchObject({ code: "edge-key-missing" });
  await expect(read([...upstream, "--key-file", join(folder, "none")])).rejects.toMatchObject({
    code: "edge-key-missing",
  });
  await chmod(file, 0o640);
  await expect(read([...upstream, "--key-file", file])).rejects.toMatchObject({ code: "edge-key-exposed" });
  await chmod(file, 0o600);
  await writeFile(file, key.slice(1));
  const refused: unknown = await readEdgeKey(file, undefined).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: "edge-key-damaged" });
  expect(String(refused)).not.toContain(key.slice(1));
});

test("SV-51 rostra edge-key prints the installation's key, always the same, and makes no installation", async () => {
  const printed: string[] = [];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    expect(await main(["edge-key", "--data", folder])).toBe(0);
    expect(printed.join("")).toBe(`${key}\n`);
    const empty = join(folder, "empty");
    expect(await main(["edge-key", "--data", empty])).toBe(1);
    expect(printed.at(-1)).toContain("no-installation");
    expect(await main(["edge-key", "--data", empty])).toBe(1);
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
});

import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePair } from "./certificate.test-pair.ts";
import { type CertificateFiles, readCertificate, requireValidNow } from "./certificate.ts";

let folder: string;
let pair: CertificateFiles;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificate-"));
  pair = await makePair(folder);
});
afterAll(() => rm(folder, { recursive: true }));

test("ED-70 an ECDSA or RSA pair is read, with what it is for and until when", async () => {
  const rsa = await makePair(folder, { kind: "rsa", name: "rsa.example" });
  const [ec, other] = [await readCertificate(pair), await readCertificate(rsa)];
  expect(ec).toMatchObject({ names: "DNS:localhost, IP Address:127.0.0.1", chain: 1, selfSigned: true });
  expect([ec.covers("localhost"), ec.covers("127.0.0.1"), ec.covers("rsa.example")]).toEqual([true, true, false]);
  expect(other.covers("rsa.example")).toBe(true);
  const day = 86_400_000;
  expect(ec.validTo - ec.validFrom).toBe(2 * day);
  expect(() => requireValidNow(ec, Date.now())).not.toThrow();
  expect(() => requireValidNow(ec, ec.validTo + 1)).toThrow(
    expect.objectContaining({ code: "tls-certificate-not-valid-now", action: "Renew it." }),
  );
  expect(() => requireValidNow(ec, ec.validFrom - 1)).toThrow(
    expect.objectContaining({ action: expect.stringContaining("clock") }),
  );
});

test.each([
  ["no file", "tls-file-unreadable", async () => ({ ...pair, cert: join(folder, "nothing.pem") })],
  ["a folder", "tls-file-unreadable", async () => ({ ...pair, key: folder })],
  ["a key that all may read", "tls-key-exposed", async () => ({ ...pair, key: await copy(pair.key, 0o644) })],
  ["the two swapped", "tls-file-damaged", async () => ({ cert: pair.key, key: await copy(pair.cert) })],
  ["an empty certificate", "tls-file-damaged", async () => ({ ...pair, cert: await written("") })],
  ["an empty key", "tls-file-damaged", async () => ({ ...pair, key: await written("") })],
  [
    "half a key",
    "tls-file-damaged",
    async () => ({ ...pair, key: await written((await text(pair.key)).slice(0, 90)) }),
  ],
  ["a key that is too short", "tls-file-damaged", () => makePair(folder, { kind: "short-rsa", name: "short" })],
  [
    "another's key",
    "tls-key-mismatch",
    async () => ({ ...pair, key: (await makePair(folder, { name: "other" })).key }),
  ],
] as const)("ED-71 %s is refused: %s", async (_, code, files) => {
  const refused = readCertificate(await files());
  await expect(refused).rejects.toMatchObject({ code, action: expect.stringMatching(/./) as string });
});

test("ED-71 a key that a group may read is taken", async () => {
  await expect(readCertificate({ ...pair, key: await copy(pair.key, 0o640) })).resolves.toMatchObject({ chain: 1 });
});

const text = (path: string): Promise<string> => readFile(path, "utf8");
let made = 0;
async function written(content: string, mode = 0o600): Promise<string> {
  const path = join(folder, `made-${made++}.pem`);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}
const copy = async (path: string, mode = 0o600): Promise<string> => written(await text(path), mode);

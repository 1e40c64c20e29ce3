import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makePair } from "../../edge/certificate.test-pair.ts";
import type { CertificateFiles } from "../../edge/certificate.ts";
import { isIn } from "../../edge/client-address.ts";
import { tlsFindings } from "./doctor-tls.ts";
import { frontChoice, frontEnvironment, trustedRanges, trustOf } from "./fronts.ts";
import { type ServeOptions, serveOptions } from "./options.ts";
import { baseUrl } from "./owner-link.ts";
import { requireTls } from "./tls.ts";

let folder: string;
let pair: CertificateFiles;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fronts-"));
  pair = await makePair(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const options = (words: Record<string, string | boolean>): Promise<ServeOptions> =>
  serveOptions({ data: folder, ...words }, {});

test("SV-20 what a process reads from its environment is what its supervisor was asked for", () => {
  const words = {
    "tls-cert": "c.pem",
    "tls-key": "k.pem",
    "trusted-proxies": "10.0.0.0/8,192.0.2.1,2001:db8::/32",
    "proxy-protocol": true,
  };
  const choice = frontChoice(words, { ROSTRA_TRUSTED_HOPS: "2", ROSTRA_TLS_PORT: "443", ROSTRA_TLS_KEY: "other.pem" });
  expect(choice).toEqual({
    tls: { cert: "c.pem", key: "k.pem", port: 443 },
    trustedHops: 2,
    trustedProxies: ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"],
    proxyProtocol: true,
  });
  expect(frontChoice({}, frontEnvironment(choice))).toEqual(choice);
  const nothing = frontChoice({}, {});
  expect(nothing).toEqual({ tls: undefined, trustedHops: 0, trustedProxies: [], proxyProtocol: false });
  expect(frontChoice({}, frontEnvironment(nothing))).toEqual(nothing);
  expect(trustOf(nothing)).toEqual({ hops: 0, ranges: undefined });
});

test("SV-20 ranges are addresses and CIDR of both families", () => {
  const list = trustedRanges(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
  const inside = ["10.255.0.1", "192.0.2.1", "2001:db8:1::1", "::ffff:10.0.0.1"];
  const outside = ["11.0.0.1", "192.0.2.2", "2001:db9::1", "::ffff:11.0.0.1", "unknown", ""];
  expect(inside.filter((one) => !isIn(list, one))).toEqual([]);
  expect(outside.filter((one) => isIn(list, one))).toEqual([]);
});

test.each([
  [{ "tls-cert": "c.pem" }, {}, "--tls-key"],
  [{ "tls-key": "k.pem" }, {}, "--tls-cert"],
  [{ "tls-port": "443" }, {}, "--tls-port"],
  [{ "tls-cert": "c.pem", "tls-key": "k.pem", "tls-port": "0" }, {}, "--tls-port"],
  [{ "trusted-proxies": "10.0.0.0/33" }, {}, "--trusted-proxies"],
  [{ "trusted-proxies": "proxy.example" }, {}, "--trusted-proxies"],
  [{ "trusted-proxies": Array.from({ length: 65 }, (_, i) => `10.0.0.${i}`).join(",") }, {}, "--trusted-proxies"],
  [{ "proxy-protocol": true }, {}, "--proxy-protocol"],
  [{}, { ROSTRA_TRUSTED_HOPS: "many" }, "ROSTRA_TRUSTED_HOPS"],
] as const)("SV-20 %j with %j is refused with what it takes", (words, env, flag) => {
  expect(() => frontChoice(words, env)).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringContaining(flag) as string }),
  );
});

test("SV-20 with TLS the printed addresses say https, and the start refuses what would not serve", async () => {
  const good = await options({ "tls-cert": pair.cert, "tls-key": pair.key, "tls-port": "39443" });
  expect(baseUrl(good)).toBe("https://localhost:39443");
  expect(
    baseUrl(await options({ "tls-cert": pair.cert, "tls-key": pair.key, "public-url": "https://a.example" })),
  ).toBe("https://a.example");
  await expect(requireTls(good)).resolves.toBeUndefined();
  const other = await makePair(folder, { name: "other" });
  await expect(requireTls(await options({ "tls-cert": pair.cert, "tls-key": other.key }))).rejects.toMatchObject({
    code: "tls-key-mismatch",
  });
  vi.useFakeTimers({ now: Date.now() + 3 * 86_400_000, toFake: ["Date"] });
  try {
    await expect(requireTls(good)).rejects.toMatchObject({ code: "tls-certificate-not-valid-now" });
    expect((await tlsFindings(good, false)).map(({ level }) => level)).toEqual(["ok", "fail"]);
  } finally {
    vi.useRealTimers();
  }
});

test("SV-20 doctor says what is wrong with a certificate, and what to do", async () => {
  const find = async (words: Record<string, string>) =>
    (await tlsFindings(await options({ "tls-cert": pair.cert, "tls-key": pair.key, ...words }), false))[1];
  expect(await find({})).toMatchObject({ level: "warn", action: expect.stringContaining("two weeks") as string });
  expect(await find({ "public-url": "https://b.example" })).toMatchObject({
    level: "warn",
    action: expect.stringContaining("b.example") as string,
  });
  expect(await find({ "tls-key": join(folder, "none.pem") })).toMatchObject({
    level: "fail",
    found: expect.stringContaining("ENOENT") as string,
  });
  expect(await tlsFindings(await options({}), true)).toEqual([]);
});

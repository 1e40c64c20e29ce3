import { once } from "node:events";
import { copyFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePair } from "../../edge/certificate.test-pair.ts";
import { type CertificateFiles, readCertificate } from "../../edge/certificate.ts";
import { newFrontCounts } from "../../edge/front-metrics.ts";
import { createSecureServer, type SecureServer } from "../../edge/tls.ts";
import { anchoredClock, newAnchor } from "../../foundation/clock.ts";
import { ms } from "../../foundation/duration.ts";
import type { Log } from "../../foundation/log.ts";
import { Scope } from "../../foundation/scope.ts";
import { openSecrets } from "../../store/secrets.ts";
import { renewCertificate, secureOptions } from "./tls.ts";

let folder: string;
let scope: Scope;
/** The pair in use, and another one beside it. */
let files: CertificateFiles;
let next: CertificateFiles;
/** The log's lines as `event code`. */
let logged: string[];
let secure: SecureServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-tls-"));
  [files, next] = [await makePair(folder), await makePair(folder, { name: "next" })];
  scope = new Scope();
  logged = [];
  const note = (event: string, values: { readonly code?: string; readonly names?: string }): void =>
    void logged.push(`${event} ${values.code ?? values.names ?? ""}`);
  const log = { info: note, error: note } as unknown as Log;
  const clock = anchoredClock(newAnchor());
  const options = await secureOptions(files, await openSecrets(folder));
  secure = createSecureServer({}, options, newFrontCounts(), clock.now());
  secure.server.listen(0, "127.0.0.1");
  await once(secure.server, "listening");
  scope.onEnd(() => void secure.server.close());
  await renewCertificate({ files, secure, clock, log, scope, every: ms(20) });
});
afterEach(async () => {
  await scope.end();
  await rm(folder, { recursive: true });
});

async function shown(): Promise<string> {
  const { port } = secure.server.address() as AddressInfo;
  const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

test("ED-72 files that were replaced one after the other are read again by themselves", async () => {
  const [before, after] = [await readCertificate(files), await readCertificate(next)];
  expect(await shown()).toBe(before.fingerprint);
  await rename(next.cert, files.cert);
  await expect.poll(() => logged).toEqual(["certificate-not-renewed tls-key-mismatch"]);
  expect(await shown()).toBe(before.fingerprint);
  await rename(next.key, files.key);
  await expect.poll(() => logged[1]).toBe("certificate-renewed DNS:next, IP Address:127.0.0.1");
  expect(await shown()).toBe(after.fingerprint);
});

test("ED-72 a bad file is told once, and the certificate there is stays; SIGHUP reads them too", async () => {
  const { fingerprint } = await readCertificate(files);
  await copyFile(files.key, join(folder, "kept"));
  await writeFile(files.key, "nothing");
  await expect.poll(() => logged).toEqual(["certificate-not-renewed tls-file-damaged"]);
  process.emit("SIGHUP");
  await expect.poll(() => logged.length).toBe(2);
  expect(await shown()).toBe(fingerprint);
  await copyFile(join(folder, "kept"), files.key);
  expect(await shown()).toBe(fingerprint);
});

test("ED-76 the tickets' keys are the installation's, and each day has others", async () => {
  const [one, again] = [
    await secureOptions(files, await openSecrets(folder)),
    await secureOptions(files, await openSecrets(folder)),
  ];
  expect(one.ticketKeys(20_000)).toHaveLength(48);
  expect(one.ticketKeys(20_000)).toEqual(again.ticketKeys(20_000));
  expect(one.ticketKeys(20_000)).not.toEqual(one.ticketKeys(20_001));
  await rm(join(folder, "secrets.json"));
  const other = await secureOptions(files, await openSecrets(folder));
  expect(other.ticketKeys(20_000)).not.toEqual(one.ticketKeys(20_000));
});

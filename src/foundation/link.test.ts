import { mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Problem } from "./errors.ts";
import {
  closeServer,
  type Handler,
  Link,
  listenUnix,
  ndjsonBacklogBytes,
  readJson,
  sendJson,
  startNdjson,
} from "./link.ts";
import { silentLog } from "./log.ts";
import { Scope } from "./scope.ts";

let folder: string;
let scope: Scope;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rostra-link-"));
  scope = new Scope();
});
afterEach(async () => {
  await scope.end();
  await rm(folder, { recursive: true, force: true });
});

async function serve(handler: Handler): Promise<{ path: string; stop: () => Promise<void> }> {
  const path = join(folder, "s.sock");
  const server = await listenUnix(path, handler, silentLog);
  const stop = (): Promise<void> => closeServer(server, 0);
  scope.onEnd(stop);
  return { path, stop };
}

function linkTo(path: string): Link {
  const link = new Link(path);
  scope.onEnd(() => link.close());
  return link;
}

describe("link", () => {
  test("FO-7 a request is answered with its JSON, or throws the problem of the other side", async () => {
    const { path } = await serve(async (request, response) => {
      if (request.url === "/teapot") {
        throw new Problem({ status: 418, code: "teapot", title: "A teapot", detail: "It is short.", action: "Pour." });
      }
      sendJson(response, 200, { heard: await readJson(request) });
    });
    const link = linkTo(path);
    expect(await link.json({ method: "POST", path: "/", body: { a: 1 } })).toEqual({ heard: { a: 1 } });
    await expect(link.json({ path: "/teapot" })).rejects.toMatchObject({
      status: 418,
      code: "teapot",
      message: "It is short.",
    });
  });

  test("FO-8 following an endless response survives the end of the other side", async () => {
    const seen: unknown[] = [];
    const states: boolean[] = [];
    let life = 1;
    const handler: Handler = (_, response) => startNdjson(response)({ life });
    const first = await serve(handler);
    const abort = new AbortController();
    const done = linkTo(first.path).follow("/feed", (line) => seen.push(line), {
      signal: abort.signal,
      log: silentLog,
      onState: (up) => states.push(up),
    });
    await expect.poll(() => seen).toEqual([{ life: 1 }]);
    await first.stop();
    life = 2;
    await serve(handler);
    await expect.poll(() => seen).toEqual([{ life: 1 }, { life: 2 }]);
    abort.abort();
    await done;
    expect(states).toEqual([true, false, true, false]);
  });

  test("FO-9 a reader that does not read is cut off at the cap", async () => {
    let response: ServerResponse | undefined;
    let write: ((value: unknown) => void) | undefined;
    const { path } = await serve((_, given) => {
      response = given;
      write = startNdjson(given);
    });
    const socket = createConnection(path);
    scope.onEnd(() => void socket.destroy());
    socket.pause();
    socket.write("GET /feed HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => write !== undefined).toBe(true);
    const line = "x".repeat(256 * 1024);
    for (let i = 0; i < 64; i++) write?.(line);
    expect(response?.destroyed).toBe(true);
    expect(64 * line.length).toBeGreaterThan(ndjsonBacklogBytes);
  });

  test("FO-10 a body over its cap is refused with 413, and one that is not JSON with 400", async () => {
    const { path } = await serve(async (request, response) => sendJson(response, 200, await readJson(request, 100)));
    const link = linkTo(path);
    await expect(link.json({ method: "POST", path: "/", body: "x".repeat(200) })).rejects.toMatchObject({
      status: 413,
      code: "too-large",
    });
    await expect(link.json({ method: "POST", path: "/", body: Buffer.from("{") })).rejects.toMatchObject({
      status: 400,
      code: "not-json",
    });
  });
});

import type http from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { Problem } from "../foundation/errors.ts";
import { closeServer, listenUnix } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { type Turn, type Turns, type WorkClass, workOf } from "./turns.ts";

const whip = "/api/v1/spaces/town-hall/whip";
const shown = { authorization: "Bearer t" };

test.each([
  [shown, "stage"],
  [{ cookie: "session=1" }, "stage"],
  [{}, "other"],
] as const)("ED-116 a request with %o is work of %s", (headers, work) => {
  expect(workOf({ headers: headers as http.IncomingHttpHeaders })).toBe(work);
});

/** Lets the stage through at once, and others only when they are let. */
class Kept implements Turns {
  readonly entered: WorkClass[] = [];
  readonly from = new Set<string>();
  readonly over: boolean[] = [];
  readonly waiting: (() => void)[] = [];
  readonly retries: boolean[] = [];
  shares = { stage: 1, other: 1 };
  refuses = false;

  async enter(of: WorkClass, from: string, signal: AbortSignal, isRetry: boolean): Promise<Turn> {
    this.entered.push(of);
    this.retries.push(isRetry);
    this.from.add(from);
    if (this.refuses)
      throw new Problem({
        status: 503,
        code: "overloaded",
        title: "Too many",
        detail: "Many.",
        action: "Wait.",
        retryAfter: 2,
      });
    if (of === "other")
      await new Promise<void>((resolve, reject) => {
        this.waiting.push(resolve);
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    return { done: (answered) => void this.over.push(answered) };
  }
  share(of: WorkClass): number {
    return this.shares[of];
  }
}

test("ED-116 requests wait for their turn, while those of the stage go on; one that is over gives its turn back", async () => {
  const turns = new Kept();
  await using edge = await TestEdge.start({ turns, maxApi: 8, maxApiPerAddress: 100 });
  const server = await listenUnix(
    join(edge.folder, "control.sock"),
    (_, response) => void response.end("ok"),
    silentLog,
  );
  const others = Array.from({ length: 8 }, () => edge.get("/api/v1/spaces"));
  await until(() => turns.waiting.length === 8);
  expect((await edge.get(whip, { method: "POST", headers: shown }, "v=0")).status).toBe(200);
  // All places of others are taken; those of the stage are not.
  expect((await edge.get("/api/v1/spaces")).status).toBe(503);
  expect((await edge.get(whip, { method: "POST", headers: shown }, "v=0")).status).toBe(200);
  for (const go of turns.waiting) go();
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(turns.over).toEqual(Array(10).fill(true));
  await closeServer(server, 0);
});

test("ED-116 a turn that is refused is told so, also to a WebSocket; one that nobody waits for any more is left", async () => {
  const turns = new Kept();
  await using edge = await TestEdge.start({ turns });
  using client = edge.raw("GET /api/v1/spaces HTTP/1.1\r\nHost: here\r\n\r\n");
  await until(() => turns.waiting.length === 1);
  client.socket.destroy();
  await until(() => edge.metric("rostra_edge_api_in_flight") === 0);
  turns.refuses = true;
  const refused = await edge.get("/api/v1/spaces");
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "2"]);
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/api/v1/spaces/town-hall/room`);
  let status: number | undefined;
  socket.on("error", () => {});
  socket.on("unexpected-response", (_, { statusCode }) => (status = statusCode));
  await until(() => status === 503);
  expect(turns.entered.at(-1)).toBe("stage");
  expect([...turns.from]).toEqual(["127.0.0.1"]);
});

test("ED-116 while control is away nobody keeps a turn", async () => {
  const turns = new Kept();
  await using edge = await TestEdge.start({ turns });
  const answer = edge.get(whip, { method: "POST", headers: shown }, "v=0");
  await until(() => turns.over.length > 2);
  expect(turns.over.every((answered) => !answered)).toBe(true);
  const server = await listenUnix(
    join(edge.folder, "control.sock"),
    (_, response) => void response.end("ok"),
    silentLog,
  );
  expect((await answer).status).toBe(200);
  expect(turns.over.at(-1)).toBe(true);
  await closeServer(server, 0);
});

test("ED-174 while not all of a class is accepted its answers and refusals say how much, the lower of here and further on", async () => {
  const turns = new Kept();
  await using edge = await TestEdge.start({ turns });
  const server = await listenUnix(
    join(edge.folder, "control.sock"),
    ({ url }, response) => {
      if (url?.endsWith("further")) response.setHeader("rostra-threshold", "0.20");
      response.end("ok");
    },
    silentLog,
  );
  const told = async (path = whip): Promise<unknown> =>
    (await edge.get(path, { method: "POST", headers: shown }, "v=0")).headers["rostra-threshold"];
  expect(await told()).toBeUndefined();
  turns.shares = { stage: 0.349, other: 1 };
  expect(await told()).toBe("0.35");
  expect(await told(`${whip}/further`)).toBe("0.20");
  turns.refuses = true;
  expect(await told()).toBe("0.35");
  const other = await edge.get("/api/v1/spaces", { headers: { "rostra-attempt": "2" } });
  expect([other.status, other.headers["rostra-threshold"]]).toEqual([503, undefined]);
  expect(turns.retries.at(-1)).toBe(true);
  expect(turns.retries.slice(0, -1)).not.toContain(true);
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/api/v1/spaces/town-hall/room`);
  let header: unknown;
  socket.on("error", () => {});
  socket.on("unexpected-response", (_, { headers }) => (header = headers["rostra-threshold"]));
  await until(() => header === "0.35");
  await closeServer(server, 0);
});

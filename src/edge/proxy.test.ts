import http from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeServer, listenUnix, readBody } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { type Answer, TestEdge, until } from "./edge.test-server.ts";
import { maxBodyBytes } from "../wire/body.ts";

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

const echo = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
  const body = (await readBody(request, 2 * maxBodyBytes)).toString();
  const { method, url, headers } = request;
  response.writeHead(201, { "content-type": "application/json", "x-kept": "1", "set-cookie": ["a=1", "b=2"] });
  response.end(JSON.stringify({ method, url, headers, body: body.length > 100 ? String(body.length) : body }));
};

const control = (edge: TestEdge, handler = echo): Promise<http.Server> =>
  listenUnix(join(edge.folder, "control.sock"), handler, silentLog);
const told = (answer: Answer): Echo => JSON.parse(answer.body.toString()) as Echo;
const code = (answer: Answer): unknown => (JSON.parse(answer.body.toString()) as { code: unknown }).code;

test("ED-22 a request goes to control as it is, but for its connection's headers", async () => {
  await using edge = await TestEdge.start();
  const server = await control(edge);
  const headers = {
    host: "rostra.example",
    "content-type": "application/json",
    authorization: "Bearer t",
    connection: "keep-alive, x-secret",
    "x-secret": "1",
    te: "trailers",
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
    forwarded: "for=6.6.6.6",
  };
  const answer = await edge.get("/api/v1/spaces/a?x=%2F&y", { method: "PATCH", headers }, '{"a":1}');
  expect([answer.status, answer.headers["x-kept"], answer.headers["set-cookie"]]).toEqual([201, "1", ["a=1", "b=2"]]);
  const seen = told(answer);
  expect(seen).toMatchObject({ method: "PATCH", url: "/api/v1/spaces/a?x=%2F&y", body: '{"a":1}' });
  expect(seen.headers).toMatchObject({
    host: "rostra.example",
    authorization: "Bearer t",
    "content-length": "7",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
  });
  for (const name of ["x-secret", "te", "forwarded", "x-forwarded-host"]) expect(seen.headers[name]).toBeUndefined();
  await closeServer(server);
});

test("ED-22 a trusted proxy's word is kept, as far as it is believed", async () => {
  await using edge = await TestEdge.start({ trust: { hops: 1 } });
  const server = await control(edge);
  const headers = {
    "x-forwarded-for": "6.6.6.6, 203.0.113.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "rostra.example",
  };
  const seen = told(await edge.get("/api/v1/me", { headers }));
  expect(seen.headers).toMatchObject({
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "rostra.example",
  });
  await closeServer(server);
});

test("ED-22 what is no plain path does not reach control", async () => {
  await using edge = await TestEdge.start();
  let asked = 0;
  const server = await control(edge, async (_request, response) => {
    asked++;
    response.end();
  });
  const paths = [
    "/api/",
    "/api//x",
    "/api/../x",
    "/api/v1/..",
    "/api/v1/%2e%2e/x",
    "/api/v1/a%20b",
    "/api/v1/\\x",
    `/api/${"x".repeat(2000)}`,
  ];
  for (const path of paths) expect([path, (await edge.get(path)).status]).toEqual([path, 404]);
  expect(asked).toBe(0);
  await closeServer(server);
});

test("RH-60 of what is well known only a permit's own address reaches control, and nobody makes one through an edge", async () => {
  await using edge = await TestEdge.start();
  const asked: string[] = [];
  const server = await control(edge, async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end("{}");
  });
  const permit = `/.well-known/rostra-rehearsal/${"0a".repeat(16)}`;
  expect((await edge.get(permit)).status).toBe(200);
  expect(asked).toEqual([`GET ${permit}`]);
  const nothing = [
    "/.well-known/rostra-rehearsal/",
    "/.well-known/rostra-rehearsal/x",
    `${permit}0`,
    `${permit}/x`,
    permit.toUpperCase(),
    "/.well-known/x",
    "/internal/rehearsal-permits",
  ];
  for (const path of nothing) expect([path, (await edge.get(path)).status]).toEqual([path, 404]);
  expect(asked.length).toBe(1);
  await closeServer(server);
});

test("ED-23 a restart of control is not seen", async () => {
  await using edge = await TestEdge.start();
  const waiting = [edge.get("/api/v1/me"), edge.get("/api/v1/spaces", { method: "POST" }, "{}")];
  await until(() => edge.metric("rostra_edge_api_in_flight") === 2);
  const server = await control(edge);
  expect((await Promise.all(waiting)).map((answer) => told(answer).method)).toEqual(["GET", "POST"]);
  await closeServer(server, 0);
  const again = edge.get("/api/v1/me");
  await until(() => edge.metric("rostra_edge_api_in_flight") === 1);
  const second = await control(edge);
  expect((await again).status).toBe(201);
  await closeServer(second, 0);
});

test("ED-23 when control does not come back the answer is 503 with a time to return", async () => {
  await using edge = await TestEdge.start();
  const answer = await edge.get("/api/v1/me");
  expect([answer.status, code(answer), answer.headers["retry-after"]]).toEqual([503, "control-away", "2"]);
});

test("ED-23 a request that was sent is not sent again", async () => {
  await using edge = await TestEdge.start();
  let asked = 0;
  const server = await control(edge, async (request) => {
    asked++;
    request.socket.destroy();
  });
  const answer = await edge.get("/api/v1/spaces", { method: "POST" }, "{}");
  expect([answer.status, code(answer)]).toEqual([502, "control-lost"]);
  expect(asked).toBe(1);
  await closeServer(server, 0);
});

test("ED-23 questions go on a kept connection, and when that is broken they are asked again on another", async () => {
  await using edge = await TestEdge.start();
  const connections = new Set<unknown>();
  let breaks = 0;
  const server = await control(edge, async (request, response) => {
    const isKept = connections.has(request.socket);
    connections.add(request.socket);
    if (breaks > 0 && isKept) {
      breaks--;
      request.socket.destroy();
    } else response.end(request.method);
  });
  const ask = async (method: string): Promise<string> => (await edge.get("/api/v1/me", { method })).body.toString();
  for (let n = 0; n < 5; n++) expect(await ask("GET")).toBe("GET");
  expect(connections.size).toBe(1);
  breaks = 1;
  expect(await ask("GET")).toBe("GET");
  expect([breaks, connections.size]).toEqual([0, 2]);
  // What changes something never takes a kept one.
  breaks = 1;
  expect(await ask("POST")).toBe("POST");
  expect([breaks, connections.size]).toEqual([1, 3]);
  await closeServer(server, 0);
});

test("ED-24 a body above the cap is 413, told or not, and one at the cap passes", async () => {
  await using edge = await TestEdge.start();
  const server = await control(edge);
  const most = Buffer.alloc(maxBodyBytes, "x");
  expect(told(await edge.get("/api/v1/x", { method: "POST" }, most)).body).toBe(String(maxBodyBytes));
  const more = Buffer.alloc(maxBodyBytes + 1, "x");
  const length = await edge.get("/api/v1/x", { method: "POST", headers: { "content-length": more.length } }, more);
  expect([length.status, code(length)]).toEqual([413, "too-large"]);
  const chunked = { method: "POST", headers: { "transfer-encoding": "chunked" } };
  const unknown = await edge.get("/api/v1/x", chunked, more);
  expect([unknown.status, code(unknown)]).toEqual([413, "too-large"]);
  expect(told(await edge.get("/api/v1/x", chunked, "hello")).body).toBe("hello");
  await closeServer(server);
});

test("ED-24 why a body is refused is heard by a client that is still sending it", async () => {
  await using edge = await TestEdge.start();
  const huge = Buffer.alloc(300 * maxBodyBytes, "x");
  for (let n = 0; n < 5; n++) {
    const headers = { "content-length": huge.length };
    const refused = await edge.get("/api/v1/x", { method: "POST", headers }, huge);
    expect([refused.status, code(refused), refused.headers.connection]).toEqual([413, "too-large", "close"]);
  }
});

test("ED-24 too many requests at once are 503, and there is room again after", async () => {
  await using edge = await TestEdge.start({ maxApi: 2 });
  const waiting: http.ServerResponse[] = [];
  const server = await control(edge, async (_request, response) => void waiting.push(response));
  const first = [edge.get("/api/v1/a"), edge.get("/api/v1/b")];
  await until(() => waiting.length === 2);
  const refused = await edge.get("/api/v1/c");
  expect([refused.status, code(refused), refused.headers["retry-after"]]).toEqual([503, "overloaded", "1"]);
  expect(edge.metric("rostra_edge_api_overflow_total")).toBe(1);
  for (const response of waiting) response.end("ok");
  await Promise.all(first);
  const last = edge.get("/api/v1/d");
  await until(() => waiting.length === 3);
  waiting[2]?.end("ok");
  expect((await last).status).toBe(200);
  await closeServer(server);
});

test("ED-24 an unknown method is 405", async () => {
  await using edge = await TestEdge.start();
  const answer = await edge.get("/api/v1/me", { method: "PROPFIND" });
  expect([answer.status, code(answer)]).toEqual([405, "method-not-allowed"]);
  expect(answer.headers.allow).toContain("PATCH");
});

test("ED-34 one address cannot take all requests at once, nor all bodies by announcing them", async () => {
  await using edge = await TestEdge.start({ trust: { hops: 1 }, maxApiPerAddress: 2 });
  const waiting: http.ServerResponse[] = [];
  const server = await control(edge, async (_request, response) => void waiting.push(response));
  const from = (address: string): http.RequestOptions => ({ headers: { "x-forwarded-for": address } });
  const first = ["2001:db8::1", "2001:db8::2"].map((address) => edge.get("/api/v1/a", from(address)));
  await until(() => waiting.length === 2);
  const refused = await edge.get("/api/v1/a", from("2001:db8::3"));
  expect([refused.status, code(refused)]).toEqual([503, "overloaded"]);
  const other = edge.get("/api/v1/a", from("192.0.2.1"));
  await until(() => waiting.length === 3);
  for (const response of waiting) response.end("ok");
  expect((await Promise.all([...first, other])).map(({ status }) => status)).toEqual([200, 200, 200]);
  const again = edge.get("/api/v1/a", from("2001:db8::3"));
  await until(() => waiting.length === 4);
  waiting[3]?.end("ok");
  expect((await again).status).toBe(200);
  await closeServer(server);
});

test("ED-34 the last quarter of all requests is for addresses that have few", async () => {
  await using edge = await TestEdge.start({ trust: { hops: 1 }, maxApi: 16 });
  const waiting: http.ServerResponse[] = [];
  const server = await control(edge, async (_request, response) => void waiting.push(response));
  const from = (address: string): Promise<Answer> => edge.get("/api/v1/a", { headers: { "x-forwarded-for": address } });
  const many = Array.from({ length: 12 }, () => from("192.0.2.1"));
  await until(() => waiting.length === 12);
  const refused = await from("192.0.2.1");
  expect([refused.status, code(refused)]).toEqual([503, "overloaded"]);
  const few = from("192.0.2.2");
  await until(() => waiting.length === 13);
  for (const response of waiting) response.end("ok");
  expect((await Promise.all([...many, few])).map(({ status }) => status)).toEqual(Array(13).fill(200));
  await closeServer(server);
});

test("ED-34 bodies that are announced and do not come keep no other from being taken", async () => {
  await using edge = await TestEdge.start();
  const server = await control(edge);
  const announced = Array.from({ length: 40 }, () =>
    edge.raw(`POST /api/v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: ${maxBodyBytes}\r\n\r\nx`),
  );
  await until(() => edge.metric("rostra_edge_api_in_flight") === 40);
  expect(told(await edge.get("/api/v1/x", { method: "POST" }, "hello")).body).toBe("hello");
  for (const one of announced) one.socket.destroy();
  await until(() => edge.metric("rostra_edge_api_in_flight") === 0);
  await closeServer(server);
});

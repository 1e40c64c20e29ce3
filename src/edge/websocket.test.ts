import http from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { closeServer, listenUnix, sendProblem, notFound } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { TestEdge, until } from "./edge.test-server.ts";

/** A control that answers each message with it, and refuses who has no Space. */
async function control(edge: TestEdge): Promise<{ server: http.Server; sockets: WebSocketServer }> {
  const server = await listenUnix(
    join(edge.folder, "control.sock"),
    (_request, response) => sendProblem(response, notFound("That Space")),
    silentLog,
  );
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  server.on("upgrade", (request, socket, head) => {
    if (request.url?.includes("nobody")) {
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nnone");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (socket_) => {
      socket_.on("error", () => {});
      socket_.send(JSON.stringify({ from: request.headers["x-forwarded-for"], url: request.url }));
      socket_.on("message", (data, binary) => socket_.send(data, { binary }));
    });
  });
  return { server, sockets };
}

const room = "/api/v1/spaces/town-hall/room";

test("ED-25 messages pass both ways, large ones too, and the end of one side is the end of both", async () => {
  await using edge = await TestEdge.start();
  const { server, sockets } = await control(edge);
  const heard: (string | number)[] = [];
  const client = new WebSocket(`ws://127.0.0.1:${edge.port}${room}?x=1`);
  client.on("message", (data: Buffer, binary) => heard.push(binary ? data.length : data.toString()));
  await until(() => heard.length === 1);
  expect(JSON.parse(String(heard[0]))).toEqual({ from: "127.0.0.1", url: `${room}?x=1` });
  client.send("hello");
  client.send(Buffer.alloc(500_000));
  await until(() => heard.length === 3);
  expect(heard.slice(1)).toEqual(["hello", 500_000]);
  expect(edge.metric("rostra_edge_websockets")).toBe(1);
  client.terminate();
  await until(() => sockets.clients.size === 0 && edge.metric("rostra_edge_websockets") === 0);
  let closed = false;
  const second = new WebSocket(`ws://127.0.0.1:${edge.port}${room}`);
  second.on("close", () => (closed = true));
  await until(() => sockets.clients.size === 1);
  for (const socket of sockets.clients) socket.terminate();
  await until(() => closed);
  await closeServer(server, 0);
});

test("ED-25 why control closes is heard by a client that is still sending", async () => {
  await using edge = await TestEdge.start();
  const { server } = await control(edge);
  let code = 0;
  const client = new WebSocket(`ws://127.0.0.1:${edge.port}${room}`);
  client.on("close", (heard) => (code = heard));
  client.on("open", () => client.send(Buffer.alloc(20 << 20)));
  await until(() => code !== 0);
  expect(code).toBe(1009);
  await closeServer(server, 0);
});

test("ED-25 an upgrade waits for control to come back", async () => {
  await using edge = await TestEdge.start();
  let open = false;
  const client = new WebSocket(`ws://127.0.0.1:${edge.port}${room}`);
  client.on("open", () => (open = true));
  await until(() => edge.metric("rostra_edge_websockets") === 1);
  const { server } = await control(edge);
  await until(() => open);
  client.terminate();
  await closeServer(server, 0);
});

test("ED-25 a refusal is passed on, and nothing sent after it reaches control", async () => {
  await using edge = await TestEdge.start();
  const { server } = await control(edge);
  let requests = 0;
  server.on("request", () => requests++);
  const upgrade = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  const secret = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const smuggled = "GET /api/v1/ops HTTP/1.1\r\nHost: x\r\n\r\n";
  using client = edge.raw(`GET /api/v1/spaces/nobody/room HTTP/1.1\r\n${upgrade}${secret}${smuggled}`);
  await until(() => client.ended);
  expect(client.head).toMatch(/^HTTP\/1\.1 404 /);
  expect(client.body.toString()).toBe("none");
  expect(requests).toBe(0);
  await closeServer(server, 0);
});

test("ED-25 above the cap a WebSocket is refused and counted", async () => {
  await using edge = await TestEdge.start({ maxWebSockets: 1 });
  const { server } = await control(edge);
  const first = new WebSocket(`ws://127.0.0.1:${edge.port}${room}`);
  await until(() => first.readyState === WebSocket.OPEN);
  let status = 0;
  const second = new WebSocket(`ws://127.0.0.1:${edge.port}${room}`);
  second.on("unexpected-response", (_request, response) => (status = response.statusCode ?? 0));
  second.on("error", () => {});
  await until(() => status !== 0);
  expect(status).toBe(503);
  expect(edge.metric("rostra_edge_websocket_overflow_total")).toBe(1);
  first.terminate();
  await closeServer(server, 0);
});

test("ED-25 a wish to upgrade anything else is ignored", async () => {
  await using edge = await TestEdge.start({}, (origin) => origin.open("a", 10));
  const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AA" };
  expect((await edge.get("/live/a/state.json", { headers })).status).toBe(200);
  const webSocket = { connection: "Upgrade", upgrade: "websocket" };
  expect((await edge.get("/live/a/state.json", { headers: webSocket })).status).toBe(200);
});

test("ED-111 a client that never reads is closed; one that is silent while nobody speaks stays", async () => {
  await using edge = await TestEdge.start({ undrainedMs: 500 });
  const { server, sockets } = await control(edge);
  const [silent, deaf] = [1, 2].map(() => new WebSocket(`ws://127.0.0.1:${edge.port}${room}`));
  await until(
    () => sockets.clients.size === 2 && silent?.readyState === WebSocket.OPEN && deaf?.readyState === WebSocket.OPEN,
  );
  deaf?.pause();
  const send = setInterval(() => deaf?.readyState === WebSocket.OPEN && deaf.send(Buffer.alloc(900_000)), 10);
  await until(() => sockets.clients.size === 1);
  clearInterval(send);
  expect(silent?.readyState).toBe(WebSocket.OPEN);
  silent?.terminate();
  deaf?.terminate();
  await closeServer(server, 0);
});

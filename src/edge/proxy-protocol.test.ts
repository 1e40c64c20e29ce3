import { BlockList, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import type { TestOrigin } from "./origin.test-server.ts";
import { maxProxyHeaderBytes, readProxyHeader } from "./proxy-protocol.ts";
import type { EdgeOptions } from "./server.ts";
import { readWho, whoControl } from "./who.test-control.ts";

const signature = "0d0a0d0a000d0a515549540a";
/** A header as the specification writes it: version and command, family and protocol, length, the rest. */
const header = (command: string, family: string, body: string, length = body.length / 2): Buffer =>
  Buffer.from(`${signature}${command}${family}${length.toString(16).padStart(4, "0")}${body}`, "hex");

/** 203.0.113.7:51000 to 192.0.2.1:443. */
const over4 = "cb007107c0000201c73801bb";
const over6 = `${"20010db8000000000000000000000042"}${"20010db8000000000000000000000001"}c73801bb`;
const tlsExtension = "200005" + "01" + "00000000";
const noTlsExtension = "200005" + "00" + "00000000";
const otherExtension = "04000200ff";

test.each([
  ["IPv4", header("21", "11", over4), "203.0.113.7", undefined],
  ["IPv6", header("21", "21", over6), "2001:db8::42", undefined],
  [
    "IPv4 in IPv6",
    header("21", "21", `${"00000000000000000000ffffcb007107"}${over6.slice(32)}`),
    "203.0.113.7",
    undefined,
  ],
  ["an extension that is not known", header("21", "11", over4 + otherExtension), "203.0.113.7", undefined],
  ["TLS at the proxy", header("21", "11", over4 + otherExtension + tlsExtension), "203.0.113.7", true],
  ["no TLS at the proxy", header("21", "21", over6 + noTlsExtension), "2001:db8::42", false],
] as const)("ED-74 a header is read: %s", (_, bytes, address, secure) => {
  const request = Buffer.from("GET / HTTP/1.1\r\n");
  expect(readProxyHeader(Buffer.concat([bytes, request]))).toEqual({ bytes: bytes.length, peer: { address, secure } });
  for (let cut = 1; cut < bytes.length; cut++)
    expect(readProxyHeader(bytes.subarray(0, cut)), `${cut}`).toBeUndefined();
});

test.each([
  ["LOCAL, whatever stands in it", header("20", "00", "")],
  ["LOCAL with addresses", header("20", "11", over4)],
  ["a family that is not told", header("21", "00", "")],
  ["a Unix socket", header("21", "31", "00".repeat(216))],
])("ED-74 a header that tells of nobody leaves the peer: %s", (_, bytes) => {
  expect(readProxyHeader(bytes)).toEqual({ bytes: bytes.length, peer: undefined });
});

test.each([
  ["version 1", Buffer.from("PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n")],
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n")],
  ["one wrong byte of the signature", Buffer.from("0d0a0d0a000d0a5155495400", "hex")],
  ["version 3", header("31", "11", over4)],
  ["a command that is not known", header("22", "11", over4)],
  ["UDP", header("21", "12", over4)],
  ["addresses that are cut off", header("21", "11", over4.slice(2))],
  ["IPv6 with IPv4's length", header("21", "21", over4)],
  ["an extension longer than the header", header("21", "11", `${over4}04ffff00`)],
  ["an extension that is cut off", header("21", "11", `${over4}0400`)],
  ["more bytes than are taken", header("21", "11", over4, maxProxyHeaderBytes)],
])("ED-75 what is no header is refused at once: %s", (_, bytes) => {
  expect(() => readProxyHeader(bytes)).toThrow(expect.objectContaining({ code: "proxy-header", status: 400 }));
});

function loopback(): BlockList {
  const list = new BlockList();
  list.addAddress("127.0.0.1");
  return list;
}

/** An edge that wants the header from 127.0.0.1. */
const start = (
  options: Partial<EdgeOptions> = {},
  prepare: (origin: TestOrigin) => void = () => {},
): Promise<TestEdge> =>
  TestEdge.start({ proxyProtocol: loopback(), trust: { ranges: loopback() }, ...options }, prepare);

test("ED-74 the client of a header is who asks, and no byte behind it is lost, however it is cut", async () => {
  await using edge = await start();
  await using _control = await whoControl(edge.folder);
  const bytes = Buffer.concat([
    header("21", "11", over4 + tlsExtension),
    Buffer.from(
      "POST /api/v1/who HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 5\r\n\r\nhello",
    ),
  ]);
  for (const cut of [0, 5, 16, 27, 28, 36, 40, bytes.length - 3]) {
    const socket = connect(edge.port, "127.0.0.1").setNoDelay(true);
    using listener = new Listener(socket, "");
    socket.write(bytes.subarray(0, cut));
    if (cut > 0) await sleep(15);
    socket.write(bytes.subarray(cut));
    await until(() => listener.body.length > 0, `the answer to one cut at ${cut}`);
    expect(readWho(listener.body), `cut at ${cut}`).toEqual({ for: "203.0.113.7", proto: "https", body: "hello" });
  }
});

test("ED-74 kept connections, pipelined requests and endless responses work behind a header", async () => {
  await using edge = await start({}, (origin) => origin.open("a", 5));
  const socket = connect(edge.port, "127.0.0.1");
  using listener = new Listener(socket, "");
  const ask = "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n";
  socket.write(Buffer.concat([header("20", "00", ""), Buffer.from(ask + ask)]));
  await until(() => listener.received.toString().split("ok\n").length === 3);
  socket.write(ask);
  await until(() => listener.received.toString().split("ok\n").length === 4);
  const from = listener.bytes;
  socket.write("GET /live/a/opus-32k/stream.mp4 HTTP/1.1\r\nHost: here\r\n\r\n");
  await until(() => listener.bytes > from + 2000, "the first segment");
  const joined = listener.bytes;
  edge.origin.publishSegment("a");
  await until(() => listener.bytes > joined + 2000, "the next segment");
});

test("ED-74 a connection that was kept for segments, and is used for something else then, needs no second header", async () => {
  await using edge = await start({}, (origin) => origin.open("a", 5));
  using listener = new Listener(connect(edge.port, "127.0.0.1"), "");
  const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;
  listener.socket.write(Buffer.concat([header("20", "00", ""), Buffer.from(ask("/healthz"))]));
  await until(() => listener.bytes > 0);
  for (let i = 0; i < 3; i++) {
    const before = listener.bytes;
    listener.socket.write(ask("/live/a/opus-32k/4.m4s"));
    await until(() => listener.bytes > before + 2000);
  }
  expect(edge.metric("rostra_edge_kept_connections")).toBe(1);
  listener.socket.write(ask("/healthz"));
  await until(() => listener.received.subarray(-3).toString() === "ok\n");
  expect(edge.metric("rostra_edge_proxy_header_refused_total")).toBe(0);
});

test("ED-75 a trusted peer without a header, or half of one, is refused; another peer needs none and cannot forge one", async () => {
  await using edge = await start();
  using plain = edge.raw("GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n");
  await until(() => plain.ended);
  expect(plain.head).toContain("400 Bad Request");
  expect(plain.body.toString()).toContain('"proxy-header"');
  expect(edge.metric("rostra_edge_proxy_header_refused_total")).toBe(1);

  const from = { port: edge.port, host: "127.0.0.1", localAddress: "127.0.0.2" };
  using other = new Listener(connect(from), "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n");
  await until(() => other.body.toString() === "ok\n");
  using forger = new Listener(connect(from), header("21", "11", over4).toString("latin1"));
  forger.socket.write("GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n");
  await until(() => forger.ended);
  expect(forger.head).toContain("400 Bad Request");
  expect(forger.body.toString()).toContain('"not-http"');
});

import { createHmac } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { expect, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import { maxUnnamed, openTcpMux, readBindingRequest } from "./tcp-mux.ts";

const password = "a-password-of-22-chars";

/** A STUN binding request (RFC 8489) with a user name and its integrity, in a frame (RFC 4571). */
function request(username: string, pwd = password): Buffer {
  const name = Buffer.from(username);
  const padded = Math.ceil(name.length / 4) * 4;
  const message = Buffer.alloc(20 + 8 + 4 + padded + 24);
  message.writeUInt16BE(0x0001, 0);
  message.writeUInt16BE(message.length - 20, 2);
  message.writeUInt32BE(0x2112a442, 4);
  // PRIORITY before USERNAME: the order is free.
  message.writeUInt16BE(0x0024, 20);
  message.writeUInt16BE(4, 22);
  message.writeUInt16BE(0x0006, 28);
  message.writeUInt16BE(name.length, 30);
  name.copy(message, 32);
  const at = message.length - 24;
  message.writeUInt16BE(0x0008, at);
  message.writeUInt16BE(20, at + 2);
  createHmac("sha1", pwd)
    .update(message.subarray(0, at))
    .digest()
    .copy(message, at + 4);
  return framed(message);
}

const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
};

/** An inner listener that keeps what it gets and says who it is. */
async function listener(name: string) {
  const got: Buffer[] = [];
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => got.push(bytes));
    socket.write(name);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0, got, server };
}

const session = (iceUfrag: string, loopbackPort: number, icePwd = password) => ({ iceUfrag, icePwd, loopbackPort });

const dial = (port: number): net.Socket => net.connect({ port, host: "127.0.0.1" }).on("error", () => {});

test("ST-18 a connection goes to the session that its first frame names, with all its bytes", async () => {
  const mux = await openTcpMux(0, silentLog);
  const [a, b] = [await listener("a"), await listener("b")];
  mux.register(session("ufrag", a.port, "another-password-of-22"));
  mux.register(session("ufrag", b.port));
  const socket = dial(mux.port);
  const first = request("ufrag:theirs");
  // In two pieces, and with more behind it.
  socket.write(first.subarray(0, 7));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(Buffer.concat([first.subarray(7), Buffer.from("more")]));
  const [said] = (await once(socket, "data")) as [Buffer];
  expect(said.toString()).toBe("b");
  socket.write("and more");
  await expect.poll(() => Buffer.concat(b.got)).toEqual(Buffer.concat([first, Buffer.from("moreand more")]));
  expect(a.got).toEqual([]);
  socket.destroy();
  await mux.close();
  a.server.close();
  b.server.close();
});

test("ST-18 who names no session, an ended one, or one that is connected already, is closed", async () => {
  const mux = await openTcpMux(0, silentLog);
  const inner = await listener("inner");
  const forget = mux.register(session("known", inner.port));
  const closed = async (bytes: Buffer): Promise<void> => {
    const socket = dial(mux.port);
    socket.write(bytes);
    await once(socket, "close");
  };
  await closed(request("stranger:x"));
  await closed(request("known:x", "not-the-password-at-all"));
  await closed(Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await closed(framed(Buffer.alloc(100, 1)));
  await closed(framed(Buffer.alloc(4)));

  const socket = dial(mux.port);
  socket.write(request("known:x"));
  await once(socket, "data");
  await closed(request("known:x"));
  const ended = once(socket, "close");
  forget();
  await ended;
  await closed(request("known:x"));
  await mux.close();
  inner.server.close();
});

test("ST-18 only so many connections may wait without a name, and they keep nobody out who has one", async () => {
  const mux = await openTcpMux(0, silentLog);
  const inner = await listener("inner");
  mux.register(session("known", inner.port));
  const waiting: net.Socket[] = [];
  for (let n = 0; n < maxUnnamed; n++) {
    const socket = dial(mux.port);
    waiting.push(socket);
    await once(socket, "connect");
  }
  const named = dial(mux.port);
  named.write(request("known:x"));
  const [said] = (await once(named, "data")) as [Buffer];
  expect(said.toString()).toBe("inner");
  await expect.poll(() => waiting.filter((socket) => socket.closed).length).toBe(1);
  expect(waiting[0]?.closed).toBe(true);
  await mux.close();
  inner.server.close();
  await expect.poll(() => waiting.every((socket) => socket.closed)).toBe(true);
});

test("ST-18 a message that is not a binding request, or was changed, names nobody", () => {
  const message = request("abc:def").subarray(2);
  expect(readBindingRequest(message)?.target).toBe("abc");
  expect(readBindingRequest(message)?.provedBy(password)).toBe(true);
  expect(readBindingRequest(Buffer.alloc(0))).toBeUndefined();
  expect(readBindingRequest(Buffer.alloc(60))).toBeUndefined();
  for (let length = 0; length < message.length; length++)
    expect(readBindingRequest(message.subarray(0, length))).toBeUndefined();
  for (let at = 0; at < message.length; at++) {
    const changed = Buffer.from(message);
    changed.writeUInt8((changed[at] ?? 0) ^ 0x01, at);
    expect(readBindingRequest(changed)?.provedBy(password) ?? false).toBe(false);
  }
});

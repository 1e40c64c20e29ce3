import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { crc32 } from "node:zlib";
import { inTurn } from "./addresses.ts";
import type { AttackContext } from "./contract.ts";
import { pace } from "./pace.ts";

/** Bytes that may wait in this process's own socket. */
const maxQueued = 256 * 1024;
/** Shapes of each kind that are made once and sent in turn; each has its own transaction, credentials and noise. */
const shapes = 32;

/** RFC 8489, 14.7. */
const fingerprintMask = 0x5354554e;

/** A STUN binding request (RFC 8489) as ICE sends it (RFC 8445, 7.2.2), for a session that is not and with a password that is wrong. */
function stunCheck(): Buffer {
  const attributes = [
    stunAttribute(0x0006, Buffer.from(`${randomBytes(2).toString("hex")}:${randomBytes(2).toString("hex")}`)),
    stunAttribute(0x0024, randomBytes(4)),
    stunAttribute(0x802a, randomBytes(8)),
    stunAttribute(0x0025, Buffer.alloc(0)),
    stunAttribute(0x0008, randomBytes(20)),
  ];
  const before = stunMessage(Buffer.concat([...attributes, Buffer.alloc(8)])).subarray(0, -8);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(before) ^ fingerprintMask) >>> 0);
  return Buffer.concat([before, stunAttribute(0x8028, fingerprint)]);
}

function stunMessage(attributes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x0001, 0);
  head.writeUInt16BE(attributes.length, 2);
  head.writeUInt32BE(0x2112a442, 4);
  return Buffer.concat([head, randomBytes(12), attributes]);
}

function stunAttribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** The first flight of a DTLS 1.2 client (RFC 6347, 4.2.1): what a server answers with a certificate when it asks for no cookie. */
function dtlsHello(): Buffer {
  const body = Buffer.concat([
    Buffer.from([0xfe, 0xfd]),
    randomBytes(32),
    Buffer.from([0, 0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0]),
  ]);
  const handshake = Buffer.concat([Buffer.from([1, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length]), body]);
  return Buffer.concat([Buffer.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, handshake.length]), handshake]);
}

/** Each makes questions of one length. */
const kinds: readonly (() => Buffer)[] = [
  stunCheck,
  () => stunMessage(Buffer.alloc(0)),
  dtlsHello,
  // RTP and RTCP (RFC 3550) of somebody who is not there.
  () => Buffer.concat([Buffer.from([0x80, 111]), randomBytes(90)]),
  () => Buffer.concat([Buffer.from([0x81, 201, 0, 7]), randomBytes(28)]),
  () => randomBytes(1),
  () => randomBytes(200),
  () => randomBytes(1400),
];

/**
 * Sends so many datagrams a second to the stage's port, of each kind in turn. What comes back is counted as `datagram`, and as
 * `larger datagram` when it has more bytes than any question of its socket: a stage that did this would amplify (RFC 5358 tells of DNS).
 */
export async function datagrams(
  { counts, sources, signal }: AttackContext,
  to: { readonly host: string; readonly port: number },
  perSecond: number,
): Promise<void> {
  const from = inTurn(sources);
  const ends = kinds.map((make) => {
    const questions = Array.from({ length: shapes }, make);
    const longest = Math.max(...questions.map(({ length }) => length));
    const socket = createSocket(to.host.includes(":") ? "udp6" : "udp4");
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    let isOpen = true;
    const close = (): void => {
      if (isOpen) socket.close(resolve);
      isOpen = false;
    };
    // A port that is closed, or an address that is not this machine's: nothing is sent, which the counts tell.
    socket.on("error", close);
    socket.on("message", ({ length }) => {
      counts.bytesReceived += length;
      for (const name of length > longest ? ["datagram", "larger datagram"] : ["datagram"])
        counts.answered[name] = (counts.answered[name] ?? 0) + 1;
    });
    socket.bind({ port: 0, address: from().localAddress });
    let next = 0;
    const send = (): boolean => {
      const question = questions[next++ % shapes] as Buffer;
      if (!isOpen || socket.getSendQueueSize() > maxQueued) return false;
      counts.sent++;
      counts.bytesSent += question.length;
      socket.send(question, to.port, to.host, () => {});
      return true;
    };
    return { send, close, closed };
  });
  let turn = 0;
  await pace(perSecond, signal, () => ends[turn++ % ends.length]?.send());
  for (const { close } of ends) close();
  await Promise.all(ends.map(({ closed }) => closed));
}

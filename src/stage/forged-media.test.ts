import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import { openClient } from "./client.fixture.ts";
import { readOffer } from "./offer.ts";
import { until } from "./peer.contract.ts";
import { dataChannelDriver } from "./peer.datachannel.ts";
import type { IncomingPacket, PeerState } from "./peer.ts";
import { writeRtp } from "./rtp.ts";
import { vowelPackets } from "./speech.fixture.ts";

const step = 960;
const here = "127.0.0.1";

const bound = async (): Promise<Socket> => {
  const socket = createSocket("udp4");
  socket.bind(0, here);
  await once(socket, "listening");
  return socket;
};

/** Somebody on the way between a client and the stage, who sees and keeps what passes and can send from the client's address. */
class Middle implements AsyncDisposable {
  /** SRTP packets of the client (RFC 7983: the first byte is 128 to 191; RTP's type is below 64 or above 95 of 127). */
  readonly media: Buffer[] = [];
  readonly #towardsClient: Socket;
  readonly #towardsStage: Socket;
  readonly #stage: number;

  private constructor(towardsClient: Socket, towardsStage: Socket, stage: number) {
    this.#towardsClient = towardsClient;
    this.#towardsStage = towardsStage;
    this.#stage = stage;
    let client = 0;
    towardsClient.on("message", (bytes, { port }) => {
      client = port;
      const [first = 0, second = 0] = bytes;
      const type = second & 0x7f;
      if (first >= 128 && first < 192 && (type < 64 || type > 95)) this.media.push(Buffer.from(bytes));
      towardsStage.send(bytes, stage, here);
    });
    towardsStage.on("message", (bytes) => client > 0 && towardsClient.send(bytes, client, here));
  }

  static async before(stage: number): Promise<Middle> {
    return new Middle(await bound(), await bound(), stage);
  }

  get port(): number {
    return this.#towardsClient.address().port;
  }

  /** As if the client had sent it. */
  send(bytes: Buffer): void {
    this.#towardsStage.send(bytes, this.#stage, here);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#towardsClient, this.#towardsStage]) {
      socket.close();
      await once(socket, "close");
    }
  }
}

test("ST-19 RTP that is replayed or forged, from whatever address, is not heard, and who speaks goes on", async () => {
  const driver = await dataChannelDriver({ port: 0, addresses: () => [here], log: silentLog });
  const client = await openClient({});
  const packets: IncomingPacket[] = [];
  const states: PeerState[] = [];
  const peer = await driver.answer(readOffer(client.offer), {
    onPacket: (packet) => packets.push(packet),
    onAlive: () => {},
    onState: (state) => states.push(state),
  });
  const stage = Number(/^a=candidate:.* 127\.0\.0\.1 (\d+) typ host/m.exec(peer.answer)?.[1]);
  await using middle = await Middle.before(stage);
  await client.accept(peer.answer.replaceAll(` 127.0.0.1 ${stage} `, ` 127.0.0.1 ${middle.port} `));
  await client.connected();
  await until(() => states.includes("connected"));

  const sent = await vowelPackets(30);
  const say = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) {
      await client.send(sent[n] ?? new Uint8Array(), n, n * step);
      await sleep(2);
    }
    await until(() => packets.length >= to);
  };
  await say(0, 20);
  expect(middle.media.length).toBe(20);

  const stranger = await bound();
  const asStranger = (bytes: Buffer): void => stranger.send(bytes, stage, here);
  for (const heard of middle.media) {
    const flipped = Buffer.from(heard);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    const ahead = Buffer.from(heard);
    ahead.writeUInt16BE((ahead.readUInt16BE(2) + 20) % 65_536, 2);
    const cut = heard.subarray(0, heard.length - 4);
    for (const bytes of [heard, heard, flipped, ahead, cut]) {
      middle.send(bytes);
      asStranger(bytes);
    }
  }
  for (let n = 20; n < 60; n++) {
    const packet = { payload: Uint8Array.of(0xf8, 0xff, 0xfe), sequence: n, timestamp: n * step, marker: false };
    const plain = Buffer.from(writeRtp(packet, 109, client.ssrc));
    middle.send(plain);
    asStranger(plain);
  }
  await sleep(300);
  // What is said afterwards comes, and nothing has come between.
  await say(20, 30);
  await sleep(100);
  expect(packets.map(({ timestamp }) => timestamp)).toEqual(sent.map((_, n) => n * step));
  expect(packets.map(({ payload }) => Buffer.from(payload))).toEqual(sent.map((payload) => Buffer.from(payload)));
  expect(states.filter((state) => state !== "connecting")).toEqual(["connected"]);

  stranger.close();
  peer.close();
  await client.close();
  await driver.close();
});

test("ST-19 a handshake or a check from an address that has not passed ICE is answered with no more bytes than it had", async () => {
  const driver = await dataChannelDriver({ port: 0, addresses: () => [here], log: silentLog });
  const client = await openClient({});
  const peer = await driver.answer(readOffer(client.offer), {
    onPacket: () => {},
    onAlive: () => {},
    onState: () => {},
  });
  const stage = Number(/^a=candidate:.* 127\.0\.0\.1 (\d+) typ host/m.exec(peer.answer)?.[1]);
  const stranger = await bound();
  let [answers, asked] = [0, 0];
  stranger.on("message", (bytes) => (answers += bytes.length));
  const ask = (bytes: Buffer): void => {
    asked += bytes.length;
    stranger.send(bytes, stage, here);
  };
  // A DTLS 1.2 record with a ClientHello (RFC 6347, section 4.2): version, 32 random bytes, no session, no cookie, one suite.
  const body = Buffer.concat([Buffer.from("fefd", "hex"), Buffer.alloc(32, 7), Buffer.from("00000002c02b0100", "hex")]);
  const hello = Buffer.concat([
    Buffer.from(
      "010000" + body.length.toString(16).padStart(2, "0") + "0000000000" + body.length.toString(16).padStart(6, "0"),
      "hex",
    ),
    body,
  ]);
  const record = Buffer.concat([
    Buffer.from("16fefd0000000000000000" + hello.length.toString(16).padStart(4, "0"), "hex"),
    hello,
  ]);
  // STUN binding requests (RFC 8489, section 5): without credentials, and with a user name that is nobody's.
  const stun = (attributes: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from("0001" + attributes.length.toString(16).padStart(4, "0") + "2112a442", "hex"),
      Buffer.alloc(12, 3),
      attributes,
    ]);
  const name = Buffer.from("nobody:nobody12!"); // 16 bytes: no padding
  const user = Buffer.concat([Buffer.from("00060010", "hex"), name]);
  const integrity = Buffer.concat([Buffer.from("00080014", "hex"), Buffer.alloc(20, 9)]);
  for (let i = 0; i < 50; i++)
    for (const one of [record, stun(Buffer.alloc(0)), stun(Buffer.concat([user, integrity]))]) ask(one);
  await sleep(500);
  expect(answers).toBeLessThanOrEqual(asked);

  // The one who was meant to come still can.
  await client.accept(peer.answer);
  await client.connected();
  stranger.close();
  peer.close();
  await client.close();
  await driver.close();
});

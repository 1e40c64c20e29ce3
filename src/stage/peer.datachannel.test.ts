import { createSocket } from "node:dgram";
import { Audio, PeerConnection, Video } from "node-datachannel";
import { expect, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import { readOffer } from "./offer.ts";
import { peerContract, until } from "./peer.contract.ts";
import { dataChannelDriver } from "./peer.datachannel.ts";
import type { IncomingPacket, PeerState } from "./peer.ts";
import { writeRtp } from "./rtp.ts";

const options = { port: 0, addresses: () => ["127.0.0.1"], log: silentLog };

peerContract("udp", () => dataChannelDriver(options));

test("ST-17 a taken UDP port is a problem at the start, not the end of the process later", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => void socket.bind(0, () => resolve()));
  const { port } = socket.address();
  await expect(dataChannelDriver({ ...options, port })).rejects.toMatchObject({ code: "port-taken" });
  await new Promise<void>((resolve) => void socket.close(() => resolve()));
});

test("ST-12 a client of the kind OBS has, with video and only sending, is heard", async () => {
  const driver = await dataChannelDriver(options);
  const client = new PeerConnection("client", { iceServers: [] });
  const audio = new Audio("audio", "SendOnly");
  audio.addOpusCodec(111);
  audio.addSSRC(1234, "client", "stream", "audio");
  const video = new Video("video", "SendOnly");
  video.addH264Codec(96);
  const track = client.addTrack(audio);
  client.addTrack(video);
  client.setLocalDescription("offer");
  await until(() => client.gatheringState() === "complete");

  const states: PeerState[] = [];
  const packets: IncomingPacket[] = [];
  const peer = await driver.answer(readOffer(client.localDescription()?.sdp ?? ""), {
    onPacket: (packet) => packets.push(packet),
    onAlive: () => {},
    onState: (state) => states.push(state),
  });
  client.setRemoteDescription(peer.answer, "answer");
  await until(() => states.includes("connected") && track.isOpen());
  const packet = { payload: Uint8Array.of(0xf8, 0xff, 0xfe), sequence: 9, timestamp: 960, marker: true };
  track.sendMessageBinary(writeRtp(packet, 111, 1234));
  await until(() => packets.length > 0);
  expect(packets[0]).toMatchObject({ ssrc: 1234, sequence: 9, timestamp: 960 });

  peer.close();
  client.close();
  await driver.close();
});

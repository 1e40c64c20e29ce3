import { expect, test } from "vitest";
import { opusPayloads, preferOpus } from "./sdp.ts";

const offer = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 63 9 111 0",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "a=rtpmap:9 G722/8000",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=0",
  "a=rtpmap:0 PCMU/8000",
  "",
].join("\r\n");

test("SP-1 Opus comes first on the audio line and asks for FEC, and nothing else changes", () => {
  const lines = preferOpus(offer).split("\r\n");
  expect(lines[1]).toBe("m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0");
  expect(lines).toContain("a=fmtp:111 minptime=10;useinbandfec=1");
  expect(lines).toContain("a=fmtp:63 111/111");
  expect(lines.length).toBe(offer.split("\r\n").length);
});

test("SP-1 an Opus without parameters gets them", () => {
  const bare = "m=audio 9 X 96\na=rtpmap:96 OPUS/48000/2\n";
  expect(preferOpus(bare)).toContain("a=rtpmap:96 OPUS/48000/2\r\na=fmtp:96 minptime=10;useinbandfec=1\r\n");
  expect(opusPayloads(bare)).toEqual(["96"]);
});

test("SP-1 a description without Opus is left as it is", () => {
  const other = "m=audio 9 X 0\r\na=rtpmap:0 PCMU/8000\r\n";
  expect(preferOpus(other)).toBe(other);
});

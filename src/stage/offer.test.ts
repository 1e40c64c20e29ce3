import { describe, expect, test } from "vitest";
import { maxOfferBytes } from "../wire/stages.ts";
import { writeAnswer, writeCheckedOffer } from "./answer.ts";
import { readOffer } from "./offer.ts";
import { browserOffer, transportLines, videoLines } from "./offers.fixture.ts";
import { attribute, attributes, parseSdp } from "./sdp.ts";

const without = (name: string): string[] => transportLines.filter((line) => !line.startsWith(`a=${name}`));

test("ST-1 an offer is read as facts", () => {
  expect(readOffer(browserOffer({ more: [videoLines] }))).toMatchObject({
    accepted: 0,
    mid: "0",
    bundled: true,
    payloadType: 111,
    sends: true,
    receives: true,
    iceUfrag: "/A+n",
    icePwd: "zFVgcZ4815Nkl/487aX7sZQJ",
    fingerprint: { algorithm: "sha-256" },
    setup: "actpass",
    media: [
      { kind: "audio", format: "111", mid: "0" },
      { kind: "video", format: "96", mid: "1" },
    ],
  });
});

test("ST-1 what stands for all m-lines, or for the bundle's first, is found there", () => {
  const bare = browserOffer({ transport: [], session: transportLines });
  expect(readOffer(bare)).toMatchObject({ iceUfrag: "/A+n", setup: "actpass" });
  const bundleOnly = browserOffer({
    transport: ["a=bundle-only"],
    audio: "m=audio 0 UDP/TLS/RTP/SAVPF 111",
    before: [videoLines],
    group: "1 0",
  });
  expect(readOffer(bundleOnly)).toMatchObject({ accepted: 1, iceUfrag: "/A+n" });
  const unbundled = browserOffer({ group: "9" });
  expect(readOffer(unbundled)).toMatchObject({ bundled: false });
});

describe("ST-2 an offer that cannot be used is refused with what is wrong", () => {
  const video = browserOffer({ audio: "m=video 9 UDP/TLS/RTP/SAVPF 96" });
  const line = (n: number): string[] => [`m=audio ${n} UDP/TLS/RTP/SAVPF 0`, "c=IN IP4 0.0.0.0"];
  const cases: [name: string, sdp: string, status: number, code: string][] = [
    ["empty", "", 400, "sdp-malformed"],
    ["not SDP", '{"type":"offer"}', 400, "sdp-malformed"],
    ["a line without =", `${browserOffer()}junk\r\n`, 400, "sdp-malformed"],
    ["control characters", browserOffer().replace("a=mid:0", "a=mid:0\u0007"), 400, "sdp-malformed"],
    ["a line of 3,000 characters", browserOffer({ session: [`a=x:${"y".repeat(3000)}`] }), 400, "sdp-malformed"],
    ["3,000 lines", browserOffer({ session: Array.from({ length: 3000 }, () => "a=x") }), 400, "sdp-malformed"],
    ["an m-line that is none", browserOffer({ audio: "m=audio nine RTP 111" }), 400, "sdp-malformed"],
    ["a mid with a blank", browserOffer().replace("a=mid:0", "a=mid:0 1"), 400, "sdp-malformed"],
    ["one megabyte", `v=0\r\n${"a=x\r\n".repeat(210_000)}`, 413, "sdp-too-large"],
    ["10,000 m-lines in a small body", `v=0\r\n${"m=a\r\n".repeat(1900)}`, 422, "sdp-too-many-media"],
    ["17 m-lines", browserOffer({ more: Array.from({ length: 16 }, (_, n) => line(n)) }), 422, "sdp-too-many-media"],
    ["no m-line", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", 422, "sdp-no-audio"],
    ["only video", video, 422, "sdp-no-audio"],
    ["audio that is off", browserOffer({ audio: "m=audio 0 UDP/TLS/RTP/SAVPF 111" }), 422, "sdp-no-audio"],
    ["audio in the clear", browserOffer({ audio: "m=audio 9 RTP/AVP 111" }), 422, "sdp-no-audio"],
    ["PCMU only", browserOffer({ codecs: ["a=rtpmap:0 PCMU/8000"] }), 422, "sdp-no-opus"],
    ["Opus at another rate", browserOffer({ codecs: ["a=rtpmap:111 opus/16000/1"] }), 422, "sdp-no-opus"],
    ["Opus that the m-line does not list", browserOffer({ codecs: ["a=rtpmap:120 opus/48000/2"] }), 422, "sdp-no-opus"],
    ["no ufrag", browserOffer({ transport: without("ice-ufrag") }), 422, "sdp-no-transport"],
    ["no password", browserOffer({ transport: without("ice-pwd") }), 422, "sdp-no-transport"],
    ["no fingerprint", browserOffer({ transport: without("fingerprint") }), 422, "sdp-no-transport"],
    [
      "a fingerprint of SHA-1",
      browserOffer({ transport: [...without("fingerprint"), `a=fingerprint:sha-1 ${"AB:".repeat(19)}AB`] }),
      422,
      "sdp-no-transport",
    ],
    [
      "a fingerprint too short",
      browserOffer({ transport: [...without("fingerprint"), "a=fingerprint:sha-256 AB:CD"] }),
      422,
      "sdp-no-transport",
    ],
    ["setup:holdconn", browserOffer({ transport: [...without("setup"), "a=setup:holdconn"] }), 422, "sdp-no-transport"],
    ["ICE lite", browserOffer({ session: ["a=ice-lite"] }), 422, "sdp-no-transport"],
    ["no rtcp-mux", browserOffer().replace("a=rtcp-mux\r\n", ""), 422, "sdp-no-transport"],
  ];
  test.each(cases)("ST-2 %s", (_, sdp, status, code) => {
    expect(() => readOffer(sdp)).toThrow(expect.objectContaining({ status, code }));
    try {
      readOffer(sdp);
    } catch (problem) {
      expect(problem).toMatchObject({ action: expect.stringMatching(/\w/) });
    }
  });

  test("ST-2 the largest offer allowed is read", () => {
    const base = browserOffer();
    const filler = `a=x:${"y".repeat(1000)}\r\n`;
    const sdp = base + filler.repeat(Math.floor((maxOfferBytes - base.length) / filler.length));
    expect(sdp.length).toBeGreaterThan(maxOfferBytes - filler.length);
    expect(readOffer(sdp).payloadType).toBe(111);
  });
});

const local = {
  iceUfrag: "ours",
  icePwd: "ourspassword0123456789",
  fingerprint: "sha-256 AA:BB",
  setup: "active",
  candidates: [
    { protocol: "udp" as const, address: "203.0.113.7", port: 8080 },
    { protocol: "udp" as const, address: "2001:db8::7", port: 8080 },
  ],
  ssrc: 42,
};

test("ST-3 the answer has as many m-lines as the offer, in its order, and rejects all but one", () => {
  const data = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2"];
  const second = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:3", "a=rtpmap:111 opus/48000/2"];
  const offer = browserOffer({ before: [videoLines], more: [data, second], group: "1 0 2 3" });
  const answer = parseSdp(writeAnswer(readOffer(offer), local));
  expect(answer.media.map((one) => one.media)).toEqual([
    "video 0 UDP/TLS/RTP/SAVPF 96",
    "audio 8080 UDP/TLS/RTP/SAVPF 111",
    "application 0 UDP/DTLS/SCTP webrtc-datachannel",
    "audio 0 UDP/TLS/RTP/SAVPF 111",
  ]);
  expect(answer.media.map((one) => attribute(one, "mid"))).toEqual(["1", "0", "2", "3"]);
  expect(attribute(answer.session, "group")).toBe("BUNDLE 0");
});

test.each([
  ["sendrecv", "sendrecv"],
  ["sendonly", "recvonly"],
  ["recvonly", "sendonly"],
  ["inactive", "inactive"],
])("ST-4 an offer that is %s is answered %s", (offered, answered) => {
  const facts = readOffer(browserOffer({ direction: offered }));
  const [audio] = parseSdp(writeAnswer(facts, local)).media;
  expect(attribute(audio, answered)).toBe("");
  expect(attribute(audio, "ssrc") !== undefined).toBe(facts.receives);
});

test("ST-5 what a media library is given holds nothing of the offer but checked facts, and no address", () => {
  const offer = browserOffer({
    session: ["a=x-evil:1", "i=hello"],
    more: [["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=candidate:1 1 udp 1 198.51.100.1 53 typ host"]],
  });
  const checked = writeCheckedOffer(readOffer(offer));
  expect(checked).not.toMatch(/candidate|evil|hello|203\.0\.113|cname|ssrc/);
  expect(parseSdp(checked).media).toHaveLength(1);
  expect(readOffer(checked)).toMatchObject({ iceUfrag: "/A+n", payloadType: 111, mid: "0" });
});

test("ST-6 candidates stand in the order given, the first preferred", () => {
  const [audio] = parseSdp(writeAnswer(readOffer(browserOffer()), local)).media;
  const lines = attributes(audio, "candidate").map((line) => line.split(" "));
  expect(lines.map(([, , protocol, , address, port]) => [protocol, address, port])).toEqual([
    ["udp", "203.0.113.7", "8080"],
    ["udp", "2001:db8::7", "8080"],
  ]);
  expect(Number(lines[0]?.[3])).toBeGreaterThan(Number(lines[1]?.[3]));
  const tcp = { ...local, iceLite: true, candidates: [{ protocol: "tcp" as const, address: "203.0.113.7", port: 1 }] };
  const answer = writeAnswer(readOffer(browserOffer()), tcp);
  expect(answer).toMatch(/ tcp \d+ 203\.0\.113\.7 1 typ host tcptype passive/);
  expect(answer).toMatch(/^a=ice-lite\r$/m);
});

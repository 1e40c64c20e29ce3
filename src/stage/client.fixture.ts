import { type RTCRtpTransceiver, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8 } from "werift";

/** A WebRTC client for tests, as a browser or a WHIP client would be: it offers, and takes the answer. */
export interface TestClient {
  readonly offer: string;
  readonly ssrc: number;
  accept(answer: string): Promise<void>;
  /** Resolves once connected; rejects when it fails. */
  connected(): Promise<void>;
  send(payload: Uint8Array, sequence: number, timestamp: number): Promise<void>;
  /** What came, in order of arrival. */
  readonly received: { readonly payload: Buffer; readonly sequence: number; readonly timestamp: number }[];
  close(): Promise<void>;
}

export interface TestClientOptions {
  /** @default "udp" */
  readonly transport?: "udp" | "tcp";
  /** @default "sendrecv" */
  readonly direction?: "sendrecv" | "sendonly" | "recvonly";
  /** Offers video besides. @default false */
  readonly video?: boolean;
}

export async function openClient(options: TestClientOptions = {}): Promise<TestClient> {
  const { transport = "udp", direction = "sendrecv", video = false } = options;
  const connection = new RTCPeerConnection({
    codecs: { audio: [useOPUS({ payloadType: 109 })], video: [useVP8()] },
    headerExtensions: { audio: [], video: [] },
    iceServers: [],
    iceUseTcp: transport === "tcp",
    iceTcpPassive: false,
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ["127.0.0.1"],
    bundlePolicy: "max-bundle",
  });
  const transceiver: RTCRtpTransceiver = connection.addTransceiver("audio", { direction });
  if (video) connection.addTransceiver("video", { direction: "sendonly" });
  const received: TestClient["received"] = [];
  connection.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe(({ header, payload }) => {
      received.push({ payload, sequence: header.sequenceNumber, timestamp: header.timestamp });
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  connection.connectionStateChange.subscribe((state) => {
    if (state === "connected") resolve();
    if (state === "failed" || state === "closed") reject(new Error(`the client's connection is ${state}`));
  });
  await connection.setLocalDescription(await connection.createOffer());
  return {
    offer: connection.localDescription?.sdp ?? "",
    ssrc: transceiver.sender.ssrc,
    accept: async (answer) => {
      // Of the addresses announced, the test's own machine is the one that is always there.
      const local = answer
        .split("\r\n")
        .filter((line) => !line.startsWith("a=candidate:") || line.includes(" 127.0.0.1 "))
        .join("\r\n");
      await connection.setRemoteDescription({ type: "answer", sdp: local });
    },
    connected: () => promise,
    send: (payload, sequenceNumber, timestamp) =>
      transceiver.sender.sendRtp(
        new RtpPacket(
          new RtpHeader({ sequenceNumber, timestamp, payloadType: 109, marker: false }),
          Buffer.from(payload),
        ),
      ),
    received,
    close: () => connection.close(),
  };
}

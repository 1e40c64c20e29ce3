/** Offers for tests, as clients make them. */

const fingerprint = Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).padStart(2, "0").toUpperCase()).join(
  ":",
);

export const transportLines: readonly string[] = [
  "a=ice-ufrag:/A+n",
  "a=ice-pwd:zFVgcZ4815Nkl/487aX7sZQJ",
  "a=ice-options:trickle",
  `a=fingerprint:sha-256 ${fingerprint}`,
  "a=setup:actpass",
];

export interface OfferOptions {
  /** @default "sendrecv" */
  readonly direction?: string;
  /** Replaces the transport's lines of each m-line. */
  readonly transport?: readonly string[];
  /** Added after `t=`. */
  readonly session?: readonly string[];
  /** Replaces the audio's `rtpmap` lines. */
  readonly codecs?: readonly string[];
  /** More m-lines after the audio, whole. */
  readonly more?: readonly (readonly string[])[];
  /** Before the audio. */
  readonly before?: readonly (readonly string[])[];
  readonly audio?: string;
  readonly group?: string;
}

/** An offer like a browser's. */
export function browserOffer(options: OfferOptions = {}): string {
  const { direction = "sendrecv", transport = transportLines, session = [], more = [], before = [] } = options;
  const codecs = options.codecs ?? [
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=rtpmap:0 PCMU/8000",
  ];
  return [
    "v=0",
    "o=- 7868191012620318865 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    ...session,
    `a=group:BUNDLE ${options.group ?? "0 1"}`,
    "a=msid-semantic: WMS",
    ...before.flat(),
    options.audio ?? "m=audio 9 UDP/TLS/RTP/SAVPF 63 111 0",
    "c=IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2130706431 203.0.113.9 5000 typ host",
    ...transport,
    "a=mid:0",
    `a=${direction}`,
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...codecs,
    "a=ssrc:2395602603 cname:sXWiiYlWVAdoHjkp",
    ...more.flat(),
    "",
  ].join("\r\n");
}

export const videoLines: readonly string[] = [
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "c=IN IP4 0.0.0.0",
  ...transportLines,
  "a=mid:1",
  "a=sendonly",
  "a=rtcp-mux",
  "a=rtpmap:96 VP8/90000",
];

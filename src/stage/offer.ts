import { Problem } from "../foundation/errors.ts";
import { maxOfferBytes } from "../wire/stages.ts";
import { attribute, attributes, parseSdp, type SdpSection, type SessionDescription } from "./sdp.ts";

/** What the stage takes from an offer. Nothing else of it reaches a media library, so junk in it cannot either. */
export interface OfferFacts {
  /** Every m-line, for the answer, which has as many; only `accepted` is used, the others are rejected. */
  readonly media: readonly {
    readonly kind: string;
    readonly protocol: string;
    readonly format: string;
    readonly mid: string | undefined;
  }[];
  /** Index in `media` of the audio line that is used. */
  readonly accepted: number;
  readonly mid: string;
  readonly bundled: boolean;
  readonly payloadType: number;
  /** What the far side wants to do. */
  readonly sends: boolean;
  readonly receives: boolean;
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
  /** The far side's DTLS role (RFC 4145, 8842). */
  readonly setup: "actpass" | "active" | "passive";
  readonly reducedSizeRtcp: boolean;
}

/** The most m-lines an offer may have. */
export const maxMediaLines = 16;

function refuse(status: number, code: string, title: string, detail: string, action: string): Problem {
  return new Problem({ status, code, title, detail, action, pointer: "/sdp" });
}

const noTransport = (detail: string): Problem =>
  refuse(
    422,
    "sdp-no-transport",
    "The offer has no transport the stage can answer",
    detail,
    "Offer full ICE, DTLS-SRTP with a SHA-256 fingerprint, and rtcp-mux, as browsers do.",
  );

const token = /^[!#-'*+\-.0-9A-Z^-~]{1,64}$/;
const mediaLine =
  /^(audio|video|application|text|message|image) (\d{1,5})(?:\/\d{1,5})? ([A-Z0-9/.]{1,40}) (.{1,1000})$/i;
const rtpProtocol = /^(?:UDP|TCP)\/TLS\/RTP\/SAVPF?$/i;
/** RFC 8839: ice-char is ALPHA / DIGIT / "+" / "/"; some clients also send "-" and "_". */
const ufragShape = /^[\w+/-]{4,256}$/;
const pwdShape = /^[\w+/-]{22,256}$/;
const hashBytes: Readonly<Record<string, number>> = { "sha-256": 32, "sha-384": 48, "sha-512": 64 };

interface MediaLine {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly mid: string | undefined;
  readonly section: SdpSection;
}

function readMediaLine(section: SdpSection, index: number): MediaLine {
  const match = mediaLine.exec(section.media);
  const [, kind = "", port = "", protocol = "", formats = ""] = match ?? [];
  const mid = attribute(section, "mid");
  const list = formats.split(" ").filter((format) => token.test(format));
  if (!match || Number(port) > 65_535 || list.length === 0 || (mid !== undefined && !token.test(mid)))
    throw refuse(
      400,
      "sdp-malformed",
      "The offer is not a session description",
      `m-line ${index + 1} cannot be read.`,
      "Send the SDP that the browser's createOffer() gave, unchanged.",
    );
  return { kind: kind.toLowerCase(), port: Number(port), protocol, formats: list, mid, section };
}

const usable = (line: MediaLine): boolean =>
  line.kind === "audio" &&
  rtpProtocol.test(line.protocol) &&
  (line.port !== 0 || attribute(line.section, "bundle-only") !== undefined);

/** The payload type of Opus at 48000/2 (RFC 7587) in a line, the one the offer prefers. */
function opusPayloadType(line: MediaLine): number | undefined {
  const maps = attributes(line.section, "rtpmap");
  for (const format of line.formats) {
    if (!/^\d{1,3}$/.test(format) || Number(format) > 127) continue;
    if (maps.some((map) => map.toLowerCase() === `${format} opus/48000/2`)) return Number(format);
  }
  return undefined;
}

const directionOf = (sdp: SessionDescription, section: SdpSection): string => {
  const known = new Set(["sendrecv", "sendonly", "recvonly", "inactive"]);
  const find = (one: SdpSection): string | undefined => one.attributes.find(([name]) => known.has(name))?.[0];
  return find(section) ?? find(sdp.session) ?? "sendrecv";
};

function readTransport(
  sdp: SessionDescription,
  sections: readonly SdpSection[],
): Pick<OfferFacts, "iceUfrag" | "icePwd" | "fingerprint" | "setup"> {
  const first = (name: string): string | undefined =>
    sections.map((section) => attribute(section, name)).find((value) => value !== undefined);
  const iceUfrag = first("ice-ufrag") ?? "";
  const icePwd = first("ice-pwd") ?? "";
  if (!ufragShape.test(iceUfrag) || !pwdShape.test(icePwd))
    throw noTransport("ice-ufrag or ice-pwd is missing or malformed.");
  if (attribute(sdp.session, "ice-lite") !== undefined)
    throw noTransport("It is ICE lite: it waits for checks, which the stage does not start.");
  const prints = sections.flatMap((section) => attributes(section, "fingerprint"));
  for (const print of prints) {
    const [algorithm = "", value = ""] = print.split(" ");
    const bytes = hashBytes[algorithm.toLowerCase()];
    if (bytes === undefined || !/^[0-9A-F]{2}(?::[0-9A-F]{2})*$/i.test(value) || value.length !== bytes * 3 - 1)
      continue;
    const setup = first("setup") ?? "actpass";
    if (setup !== "actpass" && setup !== "active" && setup !== "passive")
      throw noTransport(`a=setup:${setup} cannot be answered.`);
    return { iceUfrag, icePwd, fingerprint: { algorithm: algorithm.toLowerCase(), value: value.toUpperCase() }, setup };
  }
  throw noTransport(`It has ${prints.length} fingerprint(s), none of them a well-formed SHA-256, SHA-384 or SHA-512.`);
}

/**
 * Reads and checks an SDP offer (RFC 8866, 8829, 9725). One audio line with Opus at 48000/2 is used, every other line is
 * rejected in the answer. Throws a Problem: `sdp-too-large` 413, `sdp-malformed` 400, `sdp-too-many-media`,
 * `sdp-no-audio`, `sdp-no-opus`, `sdp-no-transport` 422.
 */
export function readOffer(text: string): OfferFacts {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxOfferBytes)
    throw refuse(
      413,
      "sdp-too-large",
      "The offer is too large",
      `It has ${bytes} bytes; ${maxOfferBytes} are allowed.`,
      "Offer one audio line and fewer candidates.",
    );
  const sdp = parseSdp(text);
  if (sdp.media.length > maxMediaLines)
    throw refuse(
      422,
      "sdp-too-many-media",
      "The offer has too many media lines",
      `It has ${sdp.media.length} m-lines; ${maxMediaLines} are allowed.`,
      "Offer one audio line.",
    );
  const lines = sdp.media.map(readMediaLine);
  const audio = lines.filter(usable);
  if (audio.length === 0)
    throw refuse(
      422,
      "sdp-no-audio",
      "The offer has no audio",
      `None of its ${lines.length} m-lines is audio over UDP/TLS/RTP/SAVPF.`,
      "Add the microphone's track before createOffer().",
    );
  const line = audio.find((one) => opusPayloadType(one) !== undefined);
  const payloadType = line && opusPayloadType(line);
  if (!line || payloadType === undefined)
    throw refuse(
      422,
      "sdp-no-opus",
      "The offer has no Opus",
      "Its audio does not list opus/48000/2.",
      "Offer Opus (RFC 7587); every browser, OBS and GStreamer can.",
    );
  const group = attributes(sdp.session, "group")
    .map((one) => one.split(" "))
    .find(([semantics, ...mids]) => semantics === "BUNDLE" && line.mid !== undefined && mids.includes(line.mid));
  const tagged = lines.find((one) => group !== undefined && one.mid === group[1]);
  const muxed = attribute(line.section, "rtcp-mux") ?? attribute(tagged?.section, "rtcp-mux");
  if (muxed === undefined) throw noTransport("Its audio has no a=rtcp-mux.");
  const direction = directionOf(sdp, line.section);
  return {
    media: lines.map((one) => ({
      kind: one.kind,
      protocol: one.protocol,
      format: one === line ? String(payloadType) : (one.formats[0] ?? "0"),
      mid: one.mid,
    })),
    accepted: lines.indexOf(line),
    mid: line.mid ?? "0",
    bundled: group !== undefined,
    payloadType,
    sends: direction === "sendrecv" || direction === "sendonly",
    receives: direction === "sendrecv" || direction === "recvonly",
    ...readTransport(sdp, [line.section, ...(tagged ? [tagged.section] : []), sdp.session]),
    reducedSizeRtcp: attribute(line.section, "rtcp-rsize") !== undefined,
  };
}

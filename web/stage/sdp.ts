/** The few lines of SDP (RFC 8866) that a speaker's browser must say or hear, and does not by itself. */

const lineEnd = /\r?\n/;

/** Payload types of `opus/48000` (RFC 7587) in a description, in its order. */
export function opusPayloads(sdp: string): string[] {
  return sdp.split(lineEnd).flatMap((line) => /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1] ?? []);
}

/**
 * The description with Opus first on its audio line and `useinbandfec=1` (RFC 7587 section 6.1) among Opus's
 * parameters: in an offer it asks the other side for FEC, in an answer it makes this side send it.
 */
export function preferOpus(sdp: string): string {
  const payloads = opusPayloads(sdp);
  if (payloads.length === 0) return sdp;
  const lines = sdp.split(lineEnd);
  const withParameters = new Set(lines.flatMap((line) => /^a=fmtp:(\d+) /.exec(line)?.[1] ?? []));
  return lines
    .flatMap((line) => {
      if (line.startsWith("m=audio ")) return opusFirst(line, payloads);
      const map = /^a=rtpmap:(\d+) opus\//i.exec(line)?.[1];
      if (map !== undefined && !withParameters.has(map)) return [line, `a=fmtp:${map} minptime=10;useinbandfec=1`];
      const parameters = /^a=fmtp:(\d+) (.*)$/.exec(line);
      if (parameters?.[1] !== undefined && payloads.includes(parameters[1])) {
        return `a=fmtp:${parameters[1]} ${withFec(parameters[2] ?? "")}`;
      }
      return line;
    })
    .join("\r\n");
}

function opusFirst(line: string, payloads: readonly string[]): string {
  const [media, port, protocol, ...formats] = line.split(" ");
  const rest = formats.filter((format) => !payloads.includes(format));
  return [media, port, protocol, ...payloads, ...rest].join(" ");
}

function withFec(parameters: string): string {
  const kept = parameters.split(";").filter((one) => one !== "" && !one.trim().startsWith("useinbandfec="));
  return [...kept, "useinbandfec=1"].join(";");
}

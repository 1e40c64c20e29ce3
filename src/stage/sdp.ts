import { Problem } from "../foundation/errors.ts";

/** The text of a session description (RFC 8866) as sections of attributes; nothing is interpreted here. */
export interface SdpSection {
  /** The `m=` line's value; empty for the session's own section. */
  readonly media: string;
  /** `a=` lines in order, as [name, value]; the value is empty for a flag. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export interface SessionDescription {
  readonly session: SdpSection;
  readonly media: readonly SdpSection[];
}

/** The most lines a description may have, and the most characters a line may have. */
const maxLines = 2000;
const maxLineLength = 2048;

const malformed = (detail: string): Problem =>
  new Problem({
    status: 400,
    code: "sdp-malformed",
    title: "The offer is not a session description",
    detail,
    action: "Send the SDP that the browser's createOffer() gave, unchanged.",
  });

/** Splits SDP into sections. Throws `sdp-malformed` for what is not SDP. */
export function parseSdp(sdp: string): SessionDescription {
  const lines = sdp.split(/\r\n|\n/, maxLines + 1);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > maxLines) throw malformed(`It has more than ${maxLines} lines.`);
  if (lines[0] !== "v=0") throw malformed('Its first line is not "v=0".');
  const sections: { media: string; attributes: [string, string][] }[] = [{ media: "", attributes: [] }];
  for (const [index, line] of lines.entries()) {
    if (line.length > maxLineLength) throw malformed(`Line ${index + 1} has more than ${maxLineLength} characters.`);
    if (!/^[a-z]=[\t\u0020-\u007e\u00a0-\uffff]*$/.test(line))
      throw malformed(`Line ${index + 1} is not of the form "x=value".`);
    const value = line.slice(2);
    if (line.startsWith("m=")) sections.push({ media: value, attributes: [] });
    else if (line.startsWith("a=")) {
      const colon = value.indexOf(":");
      sections.at(-1)?.attributes.push(colon < 0 ? [value, ""] : [value.slice(0, colon), value.slice(colon + 1)]);
    }
  }
  const [session, ...media] = sections;
  if (!session) throw malformed("It is empty.");
  return { session, media };
}

/** The first value of an attribute in a section; `undefined` when the section has none. */
export const attribute = (section: SdpSection | undefined, name: string): string | undefined =>
  section?.attributes.find(([key]) => key === name)?.[1];

export const attributes = (section: SdpSection | undefined, name: string): string[] =>
  section?.attributes.filter(([key]) => key === name).map(([, value]) => value) ?? [];

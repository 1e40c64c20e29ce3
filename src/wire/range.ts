/** Which bytes of a representation a request asks for; `to` is the last of them. */
export type Range =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly from: number; readonly to: number }
  | { readonly kind: "unsatisfiable" };

const whole: Range = { kind: "whole" };

/**
 * Reads a Range header for a representation of `size` bytes (RFC 9110, 14.2). One range is honoured; several, another
 * unit and what is malformed get the whole, as a server may answer them.
 */
export function readRange(header: string | undefined, size: number): Range {
  // The unit is case-insensitive (RFC 9110, 14.1). No file has as many bytes as 16 digits say.
  const match = header === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header.trim());
  if (!match) return whole;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return whole;
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? { kind: "unsatisfiable" } : { kind: "part", from: size - suffix, to: size - 1 };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return whole;
  if (from >= size) return { kind: "unsatisfiable" };
  return { kind: "part", from, to: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}

import { Problem } from "../foundation/errors.ts";
import { headWithinMs, maxHeadBytes, requestWithinMs } from "./deadlines.ts";

/** What a request that cannot be parsed is told, by Node's code; nothing when the connection itself broke. */
export function parseProblem(code: string | undefined): Problem | undefined {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Problem({
        status: 431,
        code: "head-too-large",
        title: "The request's head is too large",
        detail: `Its line and headers have more than ${maxHeadBytes} bytes together.`,
        action: "Send a shorter address, or fewer headers and cookies.",
      });
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new Problem({
        status: 413,
        code: "too-large",
        title: "The request is too large",
        detail: "The extensions of its chunks have more than 16384 bytes.",
        action: "Send chunks without extensions.",
      });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem({
        status: 408,
        code: "request-too-slow",
        title: "The request came too slowly",
        detail: `Its head did not come within ${headWithinMs} ms, or all of it within ${requestWithinMs} ms.`,
        action: "Send it again, whole.",
      });
    default:
      if (!code?.startsWith("HPE_")) return undefined;
      return new Problem({
        status: 400,
        code: "not-http",
        title: "That is no HTTP request",
        detail: `It cannot be parsed as HTTP/1.1 (${code}).`,
        action: "Send HTTP/1.1, with nothing in the address but its ASCII characters; for HTTPS see docs/operate.md.",
      });
  }
}

import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Problem } from "../foundation/errors.ts";
import { keyHeader } from "../wire/edges.ts";

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer");

/** The key by which the edges of one installation know each other. */
export class EdgeKey {
  readonly #digest: Buffer;

  constructor(key: string) {
    this.#digest = digestOf(key);
  }

  /** Whether a request shows the key. How long that takes tells nothing about the key. */
  isShownBy(request: IncomingMessage): boolean {
    const shown = request.headers[keyHeader];
    return typeof shown === "string" && timingSafeEqual(digestOf(shown), this.#digest);
  }
}

export const keyNeeded = (shown: boolean): Problem =>
  new Problem({
    status: 401,
    code: "edge-key-needed",
    title: "This is for the edges of this installation",
    detail: shown ? `The key in ${keyHeader} is not that of this installation.` : `There is no key in ${keyHeader}.`,
    action: "Show the key that `rostra edge-key` prints on the machine of `rostra serve`.",
  });

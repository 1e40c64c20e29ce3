import { isAbsolute, join } from "node:path";
import { AllowList } from "../../exports/allow-list.ts";
import { off, whole } from "../serve/usage.ts";

/** One of those that are told what to shut out. */
export type OutputChoice =
  | { readonly to: "log" }
  | { readonly to: "file"; readonly path: string }
  | { readonly to: "shieldd"; readonly socket: string | undefined }
  | { readonly to: "haproxy"; readonly socket: string; readonly map: string }
  | { readonly to: "webhook"; readonly url: URL };

/** What is handed down, and to whom. */
export interface ExportsChoice {
  readonly outputs: readonly OutputChoice[];
  /** Prefixes that nothing is ever done against, those of believed proxies included. */
  readonly allow: readonly string[];
  readonly dryRunMs: number;
}

/** Where `rostra shieldd` listens unless it was told otherwise. */
export const shielddSocket = (run: string): string => join(run, "shieldd.sock");

const wanted =
  "log, file=PATH, shieldd or shieldd=SOCKET, haproxy=SOCKET:MAP and webhook=https://…, with commas between and paths from the root on";

/** Reads the choice from the environment; undefined when nothing is to be handed down. Throws a `usage` Problem. */
export function exportsChoice(env: NodeJS.ProcessEnv): ExportsChoice | undefined {
  const text = env["ROSTRA_EXPORTS"] ?? "";
  const list = (name: string): string[] => (env[name] ?? "").split(",").filter(Boolean);
  const allow = [...list("ROSTRA_EXPORTS_ALLOW"), ...list("ROSTRA_TRUSTED_PROXIES")];
  checkAllowed(allow);
  const dryRun = whole("ROSTRA_EXPORTS_DRY_RUN", env["ROSTRA_EXPORTS_DRY_RUN"] || "30", 1, 600);
  if (text === "") return undefined;
  return { outputs: text.split(",").filter(Boolean).map(outputChoice), allow, dryRunMs: dryRun * 1000 };
}

function outputChoice(text: string): OutputChoice {
  const cut = text.indexOf("=");
  const [to, what] = cut < 0 ? [text, undefined] : [text.slice(0, cut), text.slice(cut + 1)];
  if (to === "log" && what === undefined) return { to };
  if (to === "file" && what !== undefined && isAbsolute(what)) return { to, path: what };
  if (to === "shieldd" && (what === undefined || isAbsolute(what))) return { to, socket: what };
  if (to === "haproxy") {
    // A command of HAProxy's ends at a semicolon, and a word at a space.
    const [, socket, map] = /^(\/[^\s;:]+):(\/[^\s;:]+)$/.exec(what ?? "") ?? [];
    if (socket !== undefined && map !== undefined) return { to, socket, map };
  }
  const url = to === "webhook" ? URL.parse(what ?? "") : null;
  if (to === "webhook" && url && isSafeReceiver(url) && url.username === "" && url.password === "") return { to, url };
  throw off("ROSTRA_EXPORTS", text, wanted);
}

/** Whether something may be told there: nobody on the way reads it, or there is no way. */
export const isSafeReceiver = ({ protocol, hostname }: URL): boolean =>
  protocol === "https:" || (protocol === "http:" && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname));

function checkAllowed(allow: readonly string[]): void {
  try {
    void new AllowList(allow);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw off("ROSTRA_EXPORTS_ALLOW", thrown.message, "addresses and prefixes, such as 192.0.2.7 or 2001:db8::/32");
  }
}

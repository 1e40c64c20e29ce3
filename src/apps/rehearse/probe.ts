import { errno, reason } from "../../foundation/errors.ts";
import type { Probe } from "../../rehearsal/run/ledger.ts";
import { pagePaths } from "../../wire/pages.ts";
import { livePaths } from "../../wire/paths.ts";
import type { LiveState } from "../../wire/state.ts";
import { ask, requestTo, type Target } from "./target.ts";

/** How long a look at the target may take. */
const withinMs = 5000;
/** The type of the box that begins a chunk's sound (ISO/IEC 14496-12, 8.1.1). */
const sound = Buffer.from("mdat");
/** More bytes than any stream has before its first sound. */
const mostBeforeSound = 64 * 1024;

/** What a look came to, and why the target did not answer at all, where it did not. */
export interface Look {
  readonly probe: Omit<Probe, "loopDelay">;
  readonly gone: string | undefined;
}

/** Looks at the target once, as somebody would who comes now: state, page, and one listener who leaves with the first sound. */
export async function look(target: Target, space: { readonly id: string; readonly slug: string }): Promise<Look> {
  const [state, page, joined] = await Promise.all([
    asked(target, livePaths.state(space.id)),
    asked(target, pagePaths.space(space.slug)),
    join(target, space.id),
  ]);
  const failure = [state, page, joined].find((one) => "failed" in one);
  const gone =
    [state, page, joined].every((one) => "failed" in one) && failure && "failed" in failure
      ? failure.failed
      : undefined;
  return {
    probe: {
      answered: "status" in state && state.status === 200 && "status" in page && page.status === 200,
      joined: "tookMs" in joined ? joined.tookMs : undefined,
      level: "status" in state ? levelIn(state.body) : undefined,
    },
    gone,
  };
}

type Asked = { readonly status: number; readonly body: Buffer } | { readonly failed: string };
const why = (thrown: unknown): string => errno(thrown) ?? reason(thrown);

const asked = (target: Target, path: string): Promise<Asked> =>
  ask(target, path, withinMs).catch((thrown: unknown) => ({ failed: why(thrown) }));

function levelIn(body: Buffer): number | undefined {
  try {
    const { level } = JSON.parse(body.toString("utf8")) as Partial<LiveState>;
    return typeof level === "number" && level >= 0 && level <= 4 ? level : undefined;
  } catch {
    return undefined;
  }
}

/** From the connect to the first sound, ms. */
function join(target: Target, space: string): Promise<{ readonly tookMs: number } | { readonly failed: string }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly tookMs: number } | { readonly failed: string }>();
  const since = performance.now();
  const request = requestTo(target, livePaths.stream(space, "opus-32k"), (response) => {
    let head: Buffer = Buffer.alloc(0);
    response.on("error", () => {});
    response.on("data", (data: Buffer) => {
      head = Buffer.concat([head, data]);
      const heard = head.includes(sound);
      if (!heard && head.length < mostBeforeSound) return;
      resolve(heard ? { tookMs: performance.now() - since } : { failed: "no sound came" });
      request.destroy();
    });
    response.on("close", () => resolve({ failed: `its stream ended (${response.statusCode ?? 0})` }));
  });
  const timer = setTimeout(() => request.destroy(new Error(`no sound within ${withinMs} ms`)), withinMs);
  request.on("error", (thrown) => resolve({ failed: why(thrown) }));
  request.on("close", () => clearTimeout(timer));
  return promise;
}

import { chmod, chown, rm } from "node:fs/promises";
import { createServer, connect, type Socket } from "node:net";
import * as v from "valibot";
import { Problem, reason } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import type { Scope } from "../../foundation/scope.ts";
import { type BlockAnswer, maxBlockLine } from "../../wire/blocks.ts";
import type { Firewall } from "./firewall.ts";

/** How many may ask at once, and how many of one's requests may wait. */
export const maxAskers = 32;
export const maxAhead = 64;
/** Who says nothing for so long is let go of, ms. */
const idleMs = 30_000;

export interface ListenerOptions {
  readonly socket: string;
  /** The group that may ask besides the owner. */
  readonly group: number;
  readonly firewall: Firewall;
  readonly log: Log;
  readonly scope: Scope;
}

const prefix = v.pipe(v.string(), v.maxLength(64));
const request = v.variant("do", [
  v.strictObject({ do: v.literal("add"), prefix, seconds: v.number() }),
  v.strictObject({ do: v.literal("del"), prefix }),
]);

/** Listens on a Unix socket that its group may write to (mode 0660). Throws `shieldd-in-use` when another one has it. */
export async function serveBlocks(options: ListenerOptions): Promise<void> {
  const { socket, group, firewall, log, scope } = options;
  if (await answers(socket)) throw inUse(socket);
  await rm(socket, { force: true });
  const open = new Set<Socket>();
  const server = createServer((asker) => {
    open.add(asker);
    asker.on("close", () => open.delete(asker));
    hear(asker, firewall, log);
  });
  server.maxConnections = maxAskers;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // Nobody but us can reach it before its mode is what it is to be.
  const before = process.umask(0o177);
  server.listen(socket, resolve);
  try {
    await promise;
  } finally {
    process.umask(before);
  }
  scope.onEnd(async () => {
    for (const asker of open) asker.destroy();
    await new Promise((done) => server.close(done));
  });
  // Whoever is no member of it cannot give it away; then its owner alone may ask.
  if (group !== process.getegid?.())
    await chown(socket, -1, group).catch((thrown: unknown) =>
      log.warn("group-not-given", { socket, group, reason: reason(thrown) }),
    );
  await chmod(socket, 0o660);
}

/** Answers line after line, in their order. */
function hear(asker: Socket, firewall: Firewall, log: Log): void {
  let rest = "";
  let ahead = 0;
  let last = Promise.resolve();
  asker.setEncoding("utf8");
  asker.setTimeout(idleMs, () => asker.destroy());
  asker.on("error", () => {});
  asker.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxBlockLine || lines.some(({ length }) => length > maxBlockLine)) return void asker.destroy();
    ahead += lines.length;
    if (ahead > maxAhead) return void asker.destroy();
    for (const line of lines)
      last = last.then(async () => {
        const answer = await answerTo(line, firewall, log);
        ahead--;
        if (asker.writable) asker.write(`${JSON.stringify(answer)}\n`);
      });
  });
}

async function answerTo(line: string, firewall: Firewall, log: Log): Promise<BlockAnswer> {
  try {
    const asked = v.parse(request, JSON.parse(line));
    await (asked.do === "add" ? firewall.block(asked.prefix, asked.seconds) : firewall.unblock(asked.prefix));
    log.info("done", asked);
    return { ok: true, entries: firewall.size };
  } catch (thrown) {
    const known = thrown instanceof Problem ? thrown : undefined;
    const answer = { ok: false, code: known?.code ?? "bad-block", detail: known?.message ?? reason(thrown) } as const;
    log.warn("refused", { code: answer.code, detail: answer.detail });
    return answer;
  }
}

/** Whether somebody listens on a socket. */
function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

const inUse = (socket: string): Problem =>
  new Problem({
    status: 409,
    code: "shieldd-in-use",
    title: "Another rostra shieldd listens there",
    detail: `${socket} is answered.`,
    action: "One is enough for a machine: end the other, or give this one another --socket.",
  });

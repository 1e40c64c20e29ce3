import type { SendHandle } from "node:child_process";
import type { ChildRun } from "./child-run.ts";

/**
 * Lets a process and its successor talk, sockets and all, through the supervisor that both are children of: what either
 * says with `to` goes to the other as it is. When the successor dies, the other hears `successor-gone`. The function returned
 * parts them.
 *
 * A socket is a bare handle here: nothing reads from it or accepts on it, and this process's copy is closed as soon as
 * the next has its own. How many are under way at once, the sender bounds.
 */
export function relay(predecessor: ChildRun, successor: ChildRun): () => void {
  const parted = [pass(predecessor, "successor", successor), pass(successor, "predecessor", predecessor)];
  void successor.exited.then(() => predecessor.send({ t: "successor-gone" }));
  return () => {
    for (const part of parted) part();
  };
}

function pass(from: ChildRun, name: string, to: ChildRun): () => void {
  return from.onMessage((message, handle) => {
    if (message["to"] !== name) return;
    const { to: _, ...rest } = message;
    to.send(rest, handle as SendHandle | undefined, () => (handle as { close(): void } | undefined)?.close());
  });
}

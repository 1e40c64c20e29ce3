import { execFile } from "node:child_process";
import type { Writable } from "node:stream";

/** Gives a script to nftables as one transaction; throws what it says against it. */
export type RunScript = (script: string) => Promise<void>;

const doneWithinMs = 10_000;

/** Runs `nft -f -`: no shell, always the same words, and the script on its standard input. */
export const nftRunner =
  (nft: string): RunScript =>
  (script) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const options = { timeout: doneWithinMs, env: { LC_ALL: "C" }, maxBuffer: 256 * 1024 };
    const child = execFile(nft, ["-f", "-"], options, (failure, _, said) => {
      if (failure) reject(new Error(said.trim().slice(0, 500) || failure.message));
      else resolve();
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(script);
    return promise;
  };

/** Prints each line as the command that it stands for. */
export const printer =
  (out: Pick<Writable, "write">): RunScript =>
  async (script) => {
    for (const line of script.split("\n").filter(Boolean)) out.write(`nft ${line}\n`);
  };

import type { PriceChallenge } from "../../src/wire/price.ts";
import { answerTo } from "./solve.ts";

/** How long a worker may take to begin; one that is blocked without a word is not waited for. */
const beginsWithinMs = 3000;

export type OpenWorker = () => Worker;
const openWorker: OpenWorker = () => new Worker(new URL("./solver.worker.ts", import.meta.url), { type: "module" });

/** Answers a challenge in a worker, or here where there is none; `undefined` when this browser cannot. */
export async function solve(
  challenge: PriceChallenge,
  signal: AbortSignal,
  open: OpenWorker = openWorker,
): Promise<string | undefined> {
  const byWorker = await inWorker(challenge, signal, open);
  if (byWorker.kind === "answered" || signal.aborted) return byWorker.answer;
  return answerTo(challenge, signal).catch(() => undefined);
}

interface Outcome {
  readonly kind: "answered" | "no-worker";
  readonly answer?: string | undefined;
}

function inWorker(challenge: PriceChallenge, signal: AbortSignal, open: OpenWorker): Promise<Outcome> {
  return new Promise((resolve) => {
    let worker: Worker | undefined;
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      worker?.terminate();
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ kind: "no-worker" }), beginsWithinMs);
    signal.addEventListener("abort", () => end({ kind: "answered" }));
    try {
      worker = open();
    } catch {
      end({ kind: "no-worker" });
      return;
    }
    worker.addEventListener("error", () => end({ kind: "no-worker" }));
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<"at work" | { readonly answer: string | undefined }>) => {
        if (data === "at work") clearTimeout(timer);
        else end(data.answer === undefined ? { kind: "no-worker" } : { kind: "answered", answer: data.answer });
      },
    );
    worker.postMessage(challenge);
  });
}

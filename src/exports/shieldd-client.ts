import type { BlockAnswer, BlockRequest } from "../wire/blocks.ts";
import { askLine } from "./ask-line.ts";
import type { Output } from "./output.ts";
import type { Action } from "./recommendations.ts";

/** Hands what is to be blocked to `rostra shieldd`, which asks all guards that need no knowledge of who plays again. */
export const shieldd = (socket: string): Output => ({
  name: "shieldd",
  tell: async (action) => {
    const request = requestOf(action);
    if (!request) return;
    const answer = readAnswer(await askLine(socket, JSON.stringify(request), (text) => text.endsWith("\n")));
    if (!answer.ok) throw new Error(`shieldd refused ${action.prefix.text}: ${answer.code}, ${answer.detail}`);
  },
});

function requestOf({ what, prefix: { text: prefix }, seconds, guard }: Action): BlockRequest | undefined {
  if (what === "block") return { do: "add", prefix, seconds };
  // What is over by itself is over there as well, unless another process has asked for more since.
  return what === "expired" && guard !== undefined ? { do: "del", prefix } : undefined;
}

function readAnswer(text: string): BlockAnswer {
  if (text === "") throw new Error("shieldd closed the connection without an answer");
  return JSON.parse(text) as BlockAnswer;
}

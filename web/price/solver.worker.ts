import type { PriceChallenge } from "../../src/wire/price.ts";
import { answerTo } from "./solve.ts";

/** Answers one challenge beside the page: is posted it, posts the answer, or nothing when it cannot. */
addEventListener("message", (event: MessageEvent<PriceChallenge>) => {
  postMessage("at work");
  answerTo(event.data).then(
    (answer) => postMessage({ answer }),
    () => postMessage({ answer: undefined }),
  );
});

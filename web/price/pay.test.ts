import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Payment, PriceDue } from "../../src/wire/price.ts";
import { useMessages } from "../i18n/catalogue.ts";
import english from "../i18n/en/price.ts";
import { challenge } from "./challenge.test-maker.ts";
import { HandPayer } from "./hand-payer.ts";
import { pay } from "./pay.ts";
import { type OpenWorker, solve } from "./solver.ts";

const read = (payment: string | undefined): Payment => JSON.parse(atob(payment ?? "")) as Payment;
const never = (): AbortSignal => new AbortController().signal;

/** A worker that does as the test says when it is posted something. */
function worker(act: (tell: (kind: "message" | "error", data?: unknown) => void) => void): OpenWorker {
  return () => {
    const on = new Map<string, (event: unknown) => void>();
    return {
      addEventListener: (kind: string, run: (event: unknown) => void) => void on.set(kind, run),
      postMessage: () => act((kind, data) => on.get(kind)?.({ data })),
      terminate: () => {},
    } as unknown as Worker;
  };
}
const blocked: OpenWorker = () => {
  throw new DOMException("blocked", "SecurityError");
};

beforeEach(() => {
  useMessages(english, "en");
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("location", { search: "" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("SP-50 a challenge is answered in a worker", async () => {
  const asked = await challenge();
  const open = worker((tell) => {
    tell("message", "at work");
    tell("message", { answer: "the answer" });
  });
  expect(await solve(asked, never(), open)).toBe("the answer");
});

test("SP-50 where a worker is blocked, fails or cannot, it is answered in the page", async () => {
  const asked = await challenge();
  const workers = [blocked, worker((tell) => tell("error")), worker((tell) => tell("message", { answer: undefined }))];
  for (const open of workers) expect(read(await solve(asked, never(), open)).solution.counter).toBe(3);
});

test("SP-50 a worker that is blocked without a word is not waited for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const asked = await challenge();
  const solved = solve(
    asked,
    never(),
    worker(() => {}),
  );
  await vi.advanceTimersByTimeAsync(3000);
  vi.useRealTimers();
  expect(read(await solved).solution.counter).toBe(3);
});

test("SP-51 without WebCrypto one waits as long as the server says, and is told so", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const price: PriceDue = { free: false, waitSeconds: 10, challenge: await challenge() };
  vi.stubGlobal("crypto", {});
  const said: string[] = [];
  let paid: unknown = "not yet";
  void pay(price, { signal: never(), say: (words) => said.push(words) }).then((answer) => (paid = answer));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(paid).toBe("not yet");
  await vi.advanceTimersByTimeAsync(500);
  expect(paid).toBeUndefined();
  expect(said[0]).toBe("One moment…");
  expect(said.at(-1)).toContain("10 seconds");
});

test("SP-51 work and waiting go on at once: what is over first counts", async () => {
  const price: PriceDue = { free: false, waitSeconds: 3600, challenge: await challenge() };
  expect(read(await pay(price, { signal: never() })).challenge).toEqual(price.challenge);
  expect(await pay({ free: false, waitSeconds: 0 }, { signal: never() })).toBeUndefined();
});

test("SP-52 a hand is paid for and raised again; lowered, it is not", async () => {
  const sent: (string | undefined)[] = [];
  const answers: ((answer: string | undefined) => void)[] = [];
  const signals: AbortSignal[] = [];
  const payer = new HandPayer(
    (price) => sent.push(price),
    async () => ({
      pay: (_price, { signal, say }) => {
        say?.("One moment…");
        signals.push(signal);
        return new Promise((done) => answers.push(done));
      },
    }),
  );
  const due = { code: "price-due", price: { free: false, waitSeconds: 10 } } as const;
  expect(payer.refused({ code: "hands-full" })).toBe(false);

  payer.begin();
  expect(payer.refused(due)).toBe(true);
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  expect(payer.words.get()).toBe("One moment…");
  answers[0]?.("worked");
  await vi.waitFor(() => expect(sent).toEqual(["worked"]));
  expect(payer.words.get()).toBe("");
  // The server has not taken it: it is asked anew what it costs.
  expect(payer.refused({ code: "price-refused" })).toBe(true);
  expect(sent).toEqual(["worked", undefined]);

  payer.refused(due);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  payer.begin();
  expect(signals[1]?.aborted).toBe(true);
  answers[1]?.("too late");
  await new Promise((done) => setTimeout(done));
  expect(sent).toEqual(["worked", undefined]);

  payer.begin();
  expect(Array.from({ length: 6 }, () => payer.refused({ code: "price-refused" }))).toEqual([
    ...Array<boolean>(5).fill(true),
    false,
  ]);
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** A new page each time: what a page has asked before counts. */
async function page(answer: (attempt: string | undefined, n: number) => Response) {
  vi.resetModules();
  const { api } = await import("./client.ts");
  const attempts: (string | undefined)[] = [];
  vi.stubGlobal("fetch", async (_url: string, { headers }: { headers: Record<string, string> }) => {
    attempts.push(headers["rostra-attempt"]);
    return answer(headers["rostra-attempt"], attempts.length);
  });
  return { api, attempts };
}
const refused = (headers: Record<string, string> = {}): Response =>
  Response.json({ code: "overloaded", detail: "Too many." }, { status: 503, headers });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("PL-66 what reads and is refused is asked once more, and says so; what acts is not", async () => {
  const { api, attempts } = await page((attempt) => (attempt === "2" ? Response.json({ good: true }) : refused()));
  const answer = api("/spaces");
  await vi.advanceTimersByTimeAsync(3000);
  expect(await answer).toEqual({ good: true });
  expect(attempts).toEqual([undefined, "2"]);
  await expect(api("/spaces", { method: "POST" })).rejects.toMatchObject({ status: 503, code: "overloaded" });
  expect(attempts).toHaveLength(3);
});

test("PL-66 a Retry-After is waited for, and one that is too long for a person is passed on", async () => {
  const { api, attempts } = await page((_attempt, n) => refused(n === 1 ? { "retry-after": "3" } : {}));
  const answer = api("/spaces").catch((problem: unknown) => problem);
  await vi.advanceTimersByTimeAsync(2900);
  expect(attempts).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3000);
  expect(await answer).toMatchObject({ status: 503 });
  expect(attempts).toHaveLength(2);
  const long = await page(() => refused({ "retry-after": "60" }));
  await expect(long.api("/spaces")).rejects.toMatchObject({ retryAfterMs: 60_000 });
  expect(long.attempts).toHaveLength(1);
});

test("PL-65 a page that is refused again and again sends ever less by itself", async () => {
  const { api, attempts } = await page(() => refused({ "retry-after": "60" }));
  const codes: unknown[] = [];
  for (let i = 0; i < 400; i++) codes.push(await api("/spaces").catch((problem: { code: string }) => problem.code));
  expect(attempts.length).toBeLessThan(60);
  expect(codes.filter((code) => code === "held-back").length).toBe(400 - attempts.length);
});

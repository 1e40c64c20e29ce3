import { afterEach, expect, test, vi } from "vitest";
import type { ServiceLevel } from "../../src/wire/state.ts";
import { asElement, FakeAudio } from "../player/media.test-double.ts";
import { liveState } from "../player/server.test-double.ts";
import { followSpace } from "./model.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("LP-12 a page asks for the state half as often while the server steps back, at whatever level", async () => {
  const askedIn = async (level: ServiceLevel): Promise<number> => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { hidden: false, addEventListener: () => {} });
    vi.stubGlobal("Audio", function audio() {
      return asElement(new FakeAudio());
    });
    let asked = 0;
    vi.stubGlobal("fetch", async () => {
      asked++;
      return Response.json(liveState({ level }));
    });
    followSpace("one", Promise.resolve(Response.json(liveState({ level }))), () => {});
    await vi.advanceTimersByTimeAsync(1_200_000);
    vi.clearAllTimers();
    return asked;
  };
  const [open, calm, full] = [await askedIn(0), await askedIn(1), await askedIn(4)];
  for (const fewer of [calm, full]) {
    expect(fewer).toBeGreaterThan(open * 0.4);
    expect(fewer).toBeLessThan(open * 0.6);
  }
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chromiumIsInstalled, hear, openBrowser } from "./browser.ts";
import { likeness, loudness } from "./hearing.ts";
import { Server } from "./server.ts";
import { microphone, speechIsInstalled } from "./speech.ts";
import { enterStage, pressListen } from "./stage-page.ts";

/** What counts as hearing a voice, and as not hearing it: see EA-1 for what right, mixed and wrong voices score. */
const heardAbove = 0.45;
/** Where two voices speak at once each is only a part of what is heard: 0.58 and 0.70 in an ideal mix. */
const heardInMixAbove = 0.33;
const unheardBelow = 0.28;

test.skipIf(!chromiumIsInstalled() || !speechIsInstalled())(
  "EE-6 two speakers hear each other and not themselves, and a listener hears both",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rostra-speech-"));
    await using server = await Server.start();
    await server.claim();
    const one = microphone("one", folder);
    const two = microphone("two", folder);
    const absent = microphone("three", folder);
    const space = await server.createSpace({ title: "Two voices" });
    const [first, second, third] = await Promise.all([
      openBrowser({ microphone: one.file }),
      openBrowser({ microphone: two.file }),
      openBrowser(),
    ]);
    try {
      await enterStage(first.page, (await server.invite(space.id, "host", "First")).url);
      await enterStage(second.page, (await server.invite(space.id, "speaker", "Second")).url);
      await server.until(
        space.id,
        (state) => state.status === "live" && !state.hold && state.stage.filter(({ present }) => present).length === 2,
      );
      await third.page.goto(`${server.url}/s/${space.slug}`);
      await pressListen(third.page);
      await third.page.waitForTimeout(6000);
      const [byFirst, bySecond, byThird] = await Promise.all(
        [first, second, third].map(({ page }) => hear(page, 12_000)),
      );
      const scores = {
        first: {
          own: likeness(byFirst!, one.samples).score,
          other: likeness(byFirst!, two.samples).score,
          dBFS: loudness(byFirst!),
        },
        second: {
          own: likeness(bySecond!, two.samples).score,
          other: likeness(bySecond!, one.samples).score,
          dBFS: loudness(bySecond!),
        },
        listener: {
          one: likeness(byThird!, one.samples).score,
          two: likeness(byThird!, two.samples).score,
          absent: likeness(byThird!, absent.samples).score,
          dBFS: loudness(byThird!),
        },
      };
      console.log(scores);
      expect(scores.first.other).toBeGreaterThan(heardAbove);
      expect(scores.second.other).toBeGreaterThan(heardAbove);
      expect(scores.first.own).toBeLessThan(unheardBelow);
      expect(scores.second.own).toBeLessThan(unheardBelow);
      expect(scores.listener.one).toBeGreaterThan(heardInMixAbove);
      expect(scores.listener.two).toBeGreaterThan(heardInMixAbove);
      // Whoever is not there may look a little like a mix of two, but less than either.
      expect(scores.listener.absent + 0.08).toBeLessThan(Math.min(scores.listener.one, scores.listener.two));
    } finally {
      await Promise.all([first, second, third].map(({ browser }) => browser.close()));
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);

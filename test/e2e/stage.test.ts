import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chromiumIsInstalled, hear, openBrowser } from "./browser.ts";
import { likeness } from "./hearing.ts";
import { Server } from "./server.ts";
import { microphone, speechIsInstalled } from "./speech.ts";
import { enterStage, pressListen } from "./stage-page.ts";

/** What counts as hearing a voice, and as not hearing it: see EA-1 for what right, mixed and wrong voices score. */
const heardAbove = 0.45;
/** Where two voices speak at once each is only a part of what is heard: 0.58 and 0.70 in an ideal mix. */
const heardInMixAbove = 0.33;
const unheardBelow = 0.28;

interface Heard {
  readonly first: { readonly own: number; readonly other: number };
  readonly second: { readonly own: number; readonly other: number };
  readonly listener: { readonly one: number; readonly two: number; readonly absent: number };
}

/** What is wrong with what was heard; nothing when everybody hears whom they should. */
function faults({ first, second, listener }: Heard): string[] {
  const wrong: string[] = [];
  if (first.other <= heardAbove) wrong.push("the first does not hear the second");
  if (second.other <= heardAbove) wrong.push("the second does not hear the first");
  if (first.own >= unheardBelow) wrong.push("the first hears themselves");
  if (second.own >= unheardBelow) wrong.push("the second hears themselves");
  if (listener.one <= heardInMixAbove) wrong.push("the listener does not hear the first");
  if (listener.two <= heardInMixAbove) wrong.push("the listener does not hear the second");
  // Whoever is not there may look a little like a mix of two, but less than either.
  if (listener.absent + 0.08 >= Math.min(listener.one, listener.two)) wrong.push("the listener hears somebody else");
  return wrong;
}

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
      const judge = async (): Promise<Heard> => {
        const [byFirst, bySecond, byThird] = await Promise.all(
          [first, second, third].map(async ({ page }) => hear(page, 12_000)),
        );
        return {
          first: { own: likeness(byFirst!, one.samples).score, other: likeness(byFirst!, two.samples).score },
          second: { own: likeness(bySecond!, two.samples).score, other: likeness(bySecond!, one.samples).score },
          listener: {
            one: likeness(byThird!, one.samples).score,
            two: likeness(byThird!, two.samples).score,
            absent: likeness(byThird!, absent.samples).score,
          },
        };
      };
      // Three browsers on a busy machine stutter, and a player that catches up plays faster: they are heard again.
      let scores = await judge();
      for (let tries = 1; tries < 3 && faults(scores).length > 0; tries++) {
        console.log("heard again after", scores, faults(scores));
        scores = await judge();
      }
      console.log(scores);
      expect(faults(scores)).toEqual([]);
    } finally {
      await Promise.all([first, second, third].map(({ browser }) => browser.close()));
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);

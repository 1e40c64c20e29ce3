import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chromiumIsInstalled, hear, openBrowser } from "./browser.ts";
import { loudness } from "./hearing.ts";
import { Server } from "./server.ts";
import { microphone, speechIsInstalled } from "./speech.ts";
import { enterStage, pressListen } from "./stage-page.ts";

test.skipIf(!chromiumIsInstalled())(
  "EE-13 a microphone that is refused is told with what to do, and the stage can be entered without one",
  async () => {
    await using server = await Server.start();
    await server.claim();
    const space = await server.createSpace({ title: "No microphone" });
    const { url } = await server.invite(space.id, "host", "Silent");
    const { browser, page } = await openBrowser({
      context: { permissions: [] },
      flags: ["--use-fake-ui-for-media-stream=deny"],
    });
    try {
      await page.goto(url);
      await page.getByRole("button", { name: "Turn the microphone on" }).click();
      const refused = page.getByText("The microphone is not allowed");
      await refused.waitFor();
      await page.getByText("Allow it for this page in your browser’s settings").waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await refused.waitFor();
      await page.getByRole("button", { name: "Go on stage without a microphone" }).click();
      await page.locator(".air").waitFor();
      await server.until(space.id, ({ stage }) => stage.some(({ name, present }) => name === "Silent" && present));
      await refused.waitFor();
      await page.getByRole("button", { name: "Try again" }).waitFor();
    } finally {
      await browser.close();
    }
  },
  60_000,
);

test.skipIf(!chromiumIsInstalled() || !speechIsInstalled())(
  "EE-13 a microphone that is unplugged on stage is told with what to do, listeners hear nothing meanwhile, and another goes on in its place",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rostra-unplugged-"));
    await using server = await Server.start();
    await server.claim();
    const space = await server.createSpace({ title: "Unplugged" });
    const { url } = await server.invite(space.id, "host", "Host");
    const voice = microphone("two", folder);
    const [speaker, listener] = await Promise.all([openBrowser({ microphone: voice.file }), openBrowser()]);
    try {
      // What the browser does when a device goes: its track ends by itself, which no script can bring about.
      await speaker.page.addInitScript(() => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          const stream = await open(wanted);
          Object.assign(globalThis, { __track: stream.getAudioTracks()[0] });
          return stream;
        };
      });
      await enterStage(speaker.page, url);
      await server.until(space.id, ({ status, hold, latest }) => status === "live" && !hold && latest !== null);
      await listener.page.goto(`${server.url}/s/${space.slug}`);
      await pressListen(listener.page);
      await listener.page.waitForTimeout(3000);
      expect(loudness(await hear(listener.page, 3000))).toBeGreaterThan(-40);

      await speaker.page.evaluate(() => {
        const { __track } = globalThis as unknown as { __track: MediaStreamTrack };
        __track.stop();
        __track.dispatchEvent(new Event("ended"));
      });
      const gone = speaker.page.getByText(/ is gone$/);
      await gone.waitFor();
      await speaker.page.getByText("Nobody hears you. Plug it in again or choose another microphone.").waitFor();
      await listener.page.waitForTimeout(4000);
      expect(loudness(await hear(listener.page, 2000))).toBeLessThan(-55);
      const during = await server.state(space.id);
      expect([during.hold, during.stage.map(({ present }) => present)]).toEqual([false, [true]]);

      await speaker.page.getByRole("button", { name: "Try again" }).click();
      await gone.waitFor({ state: "hidden" });
      await listener.page.waitForTimeout(4000);
      expect(loudness(await hear(listener.page, 3000))).toBeGreaterThan(-40);
    } finally {
      await Promise.all([speaker, listener].map(({ browser }) => browser.close()));
      await rm(folder, { recursive: true, force: true });
    }
  },
  90_000,
);

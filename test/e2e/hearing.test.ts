import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { likeness, loudness } from "./hearing.ts";
import { microphone, speechIsInstalled } from "./speech.ts";

test.skipIf(!speechIsInstalled())(
  "EA-1 the ears' stand-in knows a voice, even in a mix, and knows silence and the wrong voice",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "rostra-ears-"));
    const [one, two, three] = (["one", "two", "three"] as const).map((voice) => microphone(voice, folder).samples);
    rmSync(folder, { recursive: true, force: true });
    const mixed = Float32Array.from({ length: 8 * 16_000 }, (_, i) => 0.5 * one![i + 5000]! + 0.5 * two![i + 20_000]!);
    const scores = {
      same: likeness(one!.subarray(32_000, 128_000), one!).score,
      inMixOne: likeness(mixed, one!).score,
      inMixTwo: likeness(mixed, two!).score,
      wrongInMix: likeness(mixed, three!).score,
      wrong: likeness(one!.subarray(0, 128_000), three!).score,
      wrongToo: likeness(two!.subarray(0, 128_000), one!).score,
      silence: likeness(new Float32Array(64_000), one!).score,
    };
    console.log(scores, loudness(one!), loudness(two!), loudness(three!));
    expect(scores.same).toBeGreaterThan(0.95);
    expect(Math.min(scores.inMixOne, scores.inMixTwo)).toBeGreaterThan(0.5);
    expect(Math.max(scores.wrong, scores.wrongToo, scores.wrongInMix)).toBeLessThan(0.4);
    expect(scores.silence).toBe(0);
  },
);

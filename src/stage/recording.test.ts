import { expect, test } from "vitest";
import { checkedPackets, Recording } from "./recording.ts";
import { decodeAll, joined, likeness, monoDecoder, vowelPackets } from "./speech.fixture.ts";

test("ST-50 a recording plays by the frame's index, and loops", async () => {
  const packets = await vowelPackets(25);
  const recording = new Recording(packets, await monoDecoder());
  const played = joined([...Array(75).keys()].map((index) => recording.pull(index) ?? new Float32Array()));
  const reference = await decodeAll([...packets, ...packets, ...packets]);
  expect(played).toEqual(reference);
  recording.free();
  recording.free();
  expect(recording.pull(76)).toBeUndefined();
});

test("ST-50 started anywhere, it sounds as if it had played all along", async () => {
  const packets = await vowelPackets(100);
  const recording = new Recording(packets, await monoDecoder());
  const late = joined([...Array(20).keys()].map((n) => recording.pull(1_000_060 + n) ?? new Float32Array()));
  const reference = (await decodeAll(packets)).subarray(60 * 960, 80 * 960);
  expect(likeness(late, reference)).toBeGreaterThan(0.95);
});

test("ST-50 a recording that is empty, or not of 20 ms packets, is not used", async () => {
  expect(() => checkedPackets([])).toThrow("empty");
  const mixed = [...(await vowelPackets(3)), ...(await vowelPackets(1, { samples: 1920 }))];
  expect(() => checkedPackets(mixed)).toThrow("packet 3");
});

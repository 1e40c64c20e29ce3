import { expect, test } from "vitest";
import { asElement, bytes, chunk, FakeAudio, FakeMediaSource, FakeSourceClass, init } from "./media.test-double.ts";
import { keepBehindSeconds, mediaSourceClass, openSink } from "./sink.ts";

function opened(): { audio: FakeAudio; sink: ReturnType<typeof openSink>; buffer: FakeMediaSource["buffer"] } {
  const audio = new FakeAudio();
  const sink = openSink(asElement(audio), 'audio/mp4; codecs="opus"', FakeSourceClass);
  const buffer = audio.source?.buffer;
  if (!buffer) throw new Error("not attached");
  return { audio, sink, buffer };
}

test("PL-11 what lies far behind the playhead is given back, and the sound around it stays", async () => {
  const { audio, sink, buffer } = opened();
  await sink.append(bytes(init()));
  for (let slot = 0; slot < 2000; slot++) {
    audio.currentTime = slot * 0.32;
    await sink.append(bytes(chunk(slot)));
    const [from, to] = buffer.ranges[0] ?? [0, 0];
    expect(to - from).toBeLessThan(45);
  }
  expect(buffer.ranges).toHaveLength(1);
  expect(buffer.ranges[0]?.[0]).toBeLessThanOrEqual(audio.currentTime - keepBehindSeconds);
});

test("PL-11 a full buffer is emptied behind the playhead and the bytes are taken after all", async () => {
  const { audio, sink, buffer } = opened();
  await sink.append(bytes(init(), ...[0, 1, 2, 3, 4, 5, 6].map((slot) => chunk(slot))));
  audio.currentTime = 2;
  buffer.full = 1;
  await sink.append(bytes(chunk(7)));
  expect(buffer.removed).toEqual([[0, 1]]);
  expect(sink.end()).toBeCloseTo(8 * 0.32);
});

test("PL-11 bytes that the decoder refuses are told, once", async () => {
  const { sink, buffer } = opened();
  buffer.broken = 1;
  await expect(sink.append(bytes(init()))).rejects.toThrow("the decoder refused");
  await sink.append(bytes(init(), chunk(0)));
  expect(sink.end()).toBeCloseTo(0.32);
});

test("PL-12 the managed media source is used where there is no other", () => {
  const managed = { ManagedMediaSource: FakeSourceClass };
  expect(mediaSourceClass(managed)).toBe(FakeSourceClass);
  expect(mediaSourceClass({ ...managed, MediaSource: "plain" })).toBe("plain");
  expect(mediaSourceClass({})).toBeUndefined();
});

test("PL-12 remote playback is off, and bytes wait while the system wants none", async () => {
  const { audio, sink, buffer } = opened();
  expect(audio.disableRemotePlayback).toBe(true);
  const source = audio.source;
  if (!source) throw new Error("not attached");
  await sink.append(bytes(init()));
  Object.assign(source, { streaming: false });
  const waiting = sink.append(bytes(chunk(0)));
  await Promise.resolve();
  expect(buffer.ranges).toEqual([]);
  source.dispatchEvent(new Event("startstreaming"));
  await waiting;
  expect(buffer.ranges).toHaveLength(1);
});

test("PL-13 closing ends what waits, twice without harm", async () => {
  const audio = new FakeAudio();
  const sink = openSink(asElement(audio), "audio/mp4", FakeSourceClass);
  const waiting = sink.append(bytes(init()));
  sink.close();
  sink.close();
  await expect(waiting).rejects.toThrow("closed");
});

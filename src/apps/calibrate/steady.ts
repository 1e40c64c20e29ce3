import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../../foundation/errors.ts";
import type { LoadTarget } from "../../rehearsal/calibrate/loads.ts";
import type { Answered, Coming, Samples, Steady } from "../../rehearsal/calibrate/samples.ts";
import { livePaths } from "../../wire/paths.ts";
import { type RenditionName, renditionNames } from "../../wire/rendition.ts";
import { chunksPerSegment, segmentMs } from "../../wire/timeline.ts";
import { getRequest, type Measuring, windowsOf } from "./measuring.ts";
import { come, comers, orderOf } from "./people.ts";

const segmentsPerSecond = 1000 / segmentMs;
/** People who listen by HLS come so many a second: how they come is measured of others. */
const hlsPace = 200;

/** With nobody there, and with one listener on each rendition. */
export async function measureQuiet(measuring: Measuring): Promise<Pick<Samples, "idle" | "pulling">> {
  const { server, load, scale, say, signal } = measuring;
  say("a worker with nobody there, and with one listener on each rendition");
  await sleep(scale.settle, undefined, { signal });
  const idle = await windowsOf(measuring, scale.windows);
  const target: LoadTarget = { port: server.port, tls: false };
  for (const rendition of renditionNames)
    await load.order({ do: "hold", target, request: streamRequest(server.space, rendition), count: 1 });
  await sleep(scale.settle, undefined, { signal });
  const windows = await windowsOf(measuring, scale.windows);
  await load.order({ do: "release" });
  return { idle, pulling: { renditions: renditionNames.length, windows } };
}

const streamRequest = (space: string, rendition: RenditionName): string =>
  getRequest(livePaths.stream(space, rendition));

/** People who come and stay, plain and over TLS, and listeners by segment, by number and by HLS. */
export async function measureCrowds(
  measuring: Measuring,
): Promise<Pick<Samples, "steady" | "numbered" | "hls" | "coming">> {
  const { server, scale, say } = measuring;
  const steady: Steady[] = [];
  const coming: Coming[] = [];
  let [numbered, hls]: (Answered | undefined)[] = [];
  const plain: LoadTarget = { port: server.port, tls: false };
  const secure: LoadTarget | undefined = server.tlsPort === undefined ? undefined : { port: server.tlsPort, tls: true };
  const crowd = async (target: LoadTarget | undefined, rendition: RenditionName, listeners: number): Promise<void> => {
    if (!target || listeners === 0) return;
    const found = await orLeftOut(measuring, `${listeners} listeners`, () =>
      crowdOf(measuring, target, rendition, listeners),
    );
    if (found) steady.push(found);
  };
  const people = async (tls: boolean): Promise<void> => {
    if (tls && !secure) return;
    const found = await orLeftOut(measuring, "people who come", () => peopleOf(measuring, tls));
    if (!found) return;
    coming.push(found.coming);
    steady.push(found.steady);
  };
  await people(false);
  await crowd(plain, "opus-32k", scale.whole);
  if (scale.numbered > 0) {
    say(`${scale.numbered} listeners by number`);
    numbered = await orLeftOut(measuring, "listeners by number", () => numberedOf(measuring));
  }
  if (scale.hls > 0) {
    say(`${scale.hls} listeners by HLS`);
    hls = await orLeftOut(measuring, "listeners by HLS", () => hlsOf(measuring));
  }
  await people(true);
  await crowd(secure, "opus-32k", scale.wholeTls);
  return { steady, numbered, hls, coming };
}

/** Does it, and lets all listeners go; what fails is left out, and said. */
async function orLeftOut<T>(
  { load, say, signal }: Measuring,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    signal.throwIfAborted();
    say(`${what} are left out: ${reason(thrown)}`);
    return undefined;
  } finally {
    await load.order({ do: "release" }).catch(() => undefined);
    await sleep(500);
  }
}

/** What a crowd of one rendition takes. */
async function crowdOf(
  measuring: Measuring,
  target: LoadTarget,
  rendition: RenditionName,
  listeners: number,
): Promise<Steady> {
  const { server, load, scale, say, signal } = measuring;
  say(`${listeners} listeners of ${rendition}${target.tls ? " over TLS" : ""}`);
  await load.order({ do: "hold", target, request: streamRequest(server.space, rendition), count: listeners });
  await sleep(scale.settle, undefined, { signal });
  return steadyOf(measuring, target.tls, listeners);
}

/** What those take who listen to the endless response now. */
async function steadyOf(measuring: Measuring, tls: boolean, listeners: number): Promise<Steady> {
  const { server, load, scale } = measuring;
  const { push } = await server.state();
  const [from, sent] = [performance.now(), await server.sentBytes()];
  const windows = await windowsOf(measuring, scale.windows);
  const [seconds, bytes] = [(performance.now() - from) / 1000, (await server.sentBytes()) - sent];
  const { held, lost } = await load.order({ do: "look" });
  if (lost > 0 || held !== listeners) throw new Error(`${lost} of them were lost`);
  const isChunked = push === "chunk";
  const writesPerSecond = listeners * segmentsPerSecond * (isChunked ? chunksPerSegment : 1);
  const bytesPerWrite = bytes / seconds / writesPerSecond;
  return { tls, push: isChunked ? "chunk" : "segment", listeners, bytesPerWrite, writesPerSecond, windows };
}

/** People who come at one pace after the other, and what they take when they are all there. */
async function peopleOf(measuring: Measuring, tls: boolean): Promise<{ coming: Coming; steady: Steady }> {
  const { scale, signal } = measuring;
  const coming = await come(measuring, tls);
  await sleep(scale.settle, undefined, { signal });
  return { coming, steady: await steadyOf(measuring, tls, comers(scale, tls)) };
}

/** Listeners by number: each asks for the next segment before it is there, as players do. */
async function numberedOf(measuring: Measuring): Promise<Answered> {
  const { server, load, scale, signal } = measuring;
  const target: LoadTarget = { port: server.port, tls: false };
  const { latest } = await server.state();
  const request = getRequest(livePaths.segment(server.space, "opus-32k", 0).replace("/0.", "/{n}."));
  await load.order({ do: "number", target, request, count: scale.numbered, first: latest });
  await sleep(scale.settle, undefined, { signal });
  const [from, before] = [performance.now(), await load.order({ do: "look" })];
  const windows = await windowsOf(measuring, scale.windows);
  const [seconds, after] = [(performance.now() - from) / 1000, await load.order({ do: "look" })];
  if (after.lost > 0) throw new Error(`${after.lost} of them were lost`);
  return { answersPerSecond: (after.answered - before.answered) / seconds, windows };
}

/** Listeners by HLS: each asks for the playlist that lists the next segment before it is there, as players do. */
async function hlsOf(measuring: Measuring): Promise<Answered> {
  const { load, scale, signal } = measuring;
  const arrivals = Array.from({ length: scale.hls }, (_, i) => i / hlsPace);
  const mix = { stream: 0, numbered: 0, hls: 1 };
  await load.order({ do: "play", order: orderOf(measuring, { tls: false, arrivals, mix, pageShare: 0 }) });
  await sleep((1000 * scale.hls) / hlsPace + 2 * scale.settle, undefined, { signal });
  const windows = await windowsOf(measuring, scale.windows);
  const { held, lost } = await load.order({ do: "look" });
  if (lost > 0 || held !== scale.hls) throw new Error(`${held} of them play, and ${lost} attempts failed`);
  return { answersPerSecond: scale.hls * segmentsPerSecond, windows };
}

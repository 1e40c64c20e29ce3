import { setTimeout as sleep } from "node:timers/promises";
import { reason } from "../../foundation/errors.ts";
import type { LoadTarget } from "../../rehearsal/calibrate/loads.ts";
import type { Samples, Steady } from "../../rehearsal/calibrate/samples.ts";
import { livePaths } from "../../wire/paths.ts";
import { type RenditionName, renditionNames } from "../../wire/rendition.ts";
import { chunksPerSegment, segmentMs } from "../../wire/timeline.ts";
import { getRequest, type Measuring, windowsOf } from "./measuring.ts";

const segmentsPerSecond = 1000 / segmentMs;

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

/** Listeners that stay: by chunk and by segment, plain and over TLS, and by number. */
export async function measureCrowds(measuring: Measuring): Promise<Pick<Samples, "steady" | "numbered">> {
  const { server, scale, say } = measuring;
  const steady: Steady[] = [];
  let numbered: Samples["numbered"];
  const plain: LoadTarget = { port: server.port, tls: false };
  const secure: LoadTarget | undefined = server.tlsPort === undefined ? undefined : { port: server.tlsPort, tls: true };
  const crowd = async (target: LoadTarget | undefined, rendition: RenditionName, listeners: number): Promise<void> => {
    if (!target || listeners === 0) return;
    const found = await orLeftOut(measuring, `${listeners} listeners`, () =>
      crowdOf(measuring, target, rendition, listeners),
    );
    if (found) steady.push(found);
  };
  await crowd(plain, "opus-32k", scale.chunked);
  await crowd(plain, "opus-32k", scale.whole);
  if (scale.numbered > 0) {
    say(`${scale.numbered} listeners by number`);
    numbered = await orLeftOut(measuring, "listeners by number", () => numberedOf(measuring));
  }
  await crowd(secure, "opus-32k", scale.chunkedTls);
  await crowd(secure, "opus-32k", scale.wholeTls);
  return { steady, numbered };
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
  const { push } = await server.state();
  const [from, sent] = [performance.now(), await server.sentBytes()];
  const windows = await windowsOf(measuring, scale.windows);
  const [seconds, bytes] = [(performance.now() - from) / 1000, (await server.sentBytes()) - sent];
  const { held, lost } = await load.order({ do: "look" });
  if (lost > 0 || held !== listeners) throw new Error(`${lost} of them were lost`);
  const writesPerSecond = listeners * segmentsPerSecond * (push === "chunk" ? chunksPerSegment : 1);
  return { tls: target.tls, listeners, bytesPerWrite: bytes / seconds / writesPerSecond, writesPerSecond, windows };
}

/** Listeners by number: each asks for the next segment before it is there, as players do. */
async function numberedOf(measuring: Measuring): Promise<NonNullable<Samples["numbered"]>> {
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

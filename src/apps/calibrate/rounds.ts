import { reason } from "../../foundation/errors.ts";
import { median } from "../../rehearsal/calibrate/estimate.ts";
import type { LoadTarget } from "../../rehearsal/calibrate/loads.ts";
import type { RoundName, Samples } from "../../rehearsal/calibrate/samples.ts";
import { PageFiles } from "../../rehearsal/swarm/page-files.ts";
import { livePaths } from "../../wire/paths.ts";
import { getRequest, type Measuring, windowsOf } from "./measuring.ts";
import type { OwnServer } from "./own-server.ts";
import { cpuOf } from "./proc.ts";

/** Enough of `stream.mp4` to hear something, bytes. */
const heard = 900;

type Work = (count: number) => Promise<unknown>;

/** What is done so often in each round: one connection or request of each kind. */
async function worksOf({ server, load }: Measuring): Promise<Partial<Record<RoundName, Work>>> {
  const { space, port, tlsPort } = server;
  const target: LoadTarget = { port, tls: false };
  const kept =
    (...paths: readonly string[]): Work =>
    (count) =>
      load.order({ do: "kept", target, requests: paths.map((path) => getRequest(path)), count });
  const state = livePaths.state(space);
  const alone = getRequest(state, "connection: close");
  const stream = getRequest(livePaths.stream(space, "opus-32k"));
  const secure: LoadTarget | undefined = tlsPort === undefined ? undefined : { port: tlsPort, tls: true };
  return {
    stateKept: kept(state),
    pageKept: kept(...(await pageOf(server))),
    apiKept: kept(`/api/v1/spaces/${space}`),
    stateAlone: (count) => load.order({ do: "ask", target, request: alone, count }),
    streamAlone: (count) => load.order({ do: "ask", target, request: stream, count, enough: heard }),
    ...(secure && {
      stateTls: (count) => load.order({ do: "ask", target: secure, request: alone, count }),
      stateResumed: (count) => load.order({ do: "ask", target: secure, request: alone, count, resume: true }),
    }),
  };
}

/** A Space's page, and what a browser fetches with it. */
export async function pageOf({ port, space }: OwnServer): Promise<string[]> {
  const page = new PageFiles(space);
  page.learn(await (await fetch(`http://127.0.0.1:${port}${page.path}`)).text());
  return [page.path, ...(page.files ?? [])];
}

/** Does each kind so often, one after the other, round by round; what fails is left out, and said. The first round is the compiler's. */
export async function measureRounds(measuring: Measuring): Promise<Samples["rounds"]> {
  const { scale, say, signal } = measuring;
  const works = Object.entries(await worksOf(measuring)) as [RoundName, Work][];
  const found = new Map<RoundName, number[]>(works.map(([name]) => [name, []]));
  let idle = 0;
  for (let round = -1; round < scale.rounds; round++) {
    say(
      round < 0 ? "warming up" : `connections, handshakes, joins and requests: round ${round + 1} of ${scale.rounds}`,
    );
    if (round === 0) idle = median(await windowsOf(measuring, 1));
    for (const [name, work] of works) {
      signal.throwIfAborted();
      if (!found.has(name)) continue;
      const count = round < 0 ? scale.warm : scale.each;
      try {
        const cost = await costOf(measuring, idle, count, work);
        if (round >= 0) found.get(name)?.push(cost);
      } catch (thrown) {
        found.delete(name);
        say(`${name} is left out: ${reason(thrown)}`);
      }
    }
  }
  return Object.fromEntries(found);
}

/** µs of processor time that the edge takes for one of `count`, less what it takes anyhow. */
async function costOf({ server }: Measuring, idle: number, count: number, work: Work): Promise<number> {
  const [from, cpu] = [performance.now(), cpuOf(server.edge)];
  await work(count);
  const seconds = (performance.now() - from) / 1000;
  return ((cpuOf(server.edge) - cpu) * 1e6 - idle * seconds) / count;
}

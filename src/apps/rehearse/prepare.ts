import { behaviour } from "../../rehearsal/model/behaviour.ts";
import { type Crowd, crowdOf } from "../../rehearsal/run/crowd.ts";
import { type Spread, spread } from "../../rehearsal/run/room.ts";
import type { SwarmBehaviour } from "../../rehearsal/swarm/contract.ts";
import { runFolder, sockets } from "../config.ts";
import type { Conducting } from "./conductor.ts";
import { machineRoom } from "./machine.ts";
import { MetricsReader } from "./metrics.ts";
import { off } from "../plan/words.ts";
import type { RehearseCommand } from "./options.ts";
import { loopbackSources } from "./sources.ts";
import { type FoundSpace, findSpace } from "./spaces.ts";
import { baseOf, findTarget, type Target } from "./target.ts";

/** All that is decided before anything begins. */
export interface Prepared {
  readonly target: Target;
  readonly space: FoundSpace;
  readonly crowd: Crowd;
  readonly spread: Spread;
  /** How long it takes, s. */
  readonly seconds: number;
  readonly conducting: Omit<Conducting, "onSecond" | "permitted">;
}

/** Addresses that each attacker comes from when nobody says which: others than the listeners'. */
const attackSources = 16;

/**
 * Finds the target and its Space, and spreads the crowd over what this machine has.
 * @throws Problem `target-unreachable`, `target-not-live`, `rehearsal-too-large`, `usage`
 */
export async function prepare(command: RehearseCommand): Promise<Prepared> {
  const { question } = command;
  const target = await findTarget(command.target, command.ca);
  const space = await findSpace(target, command.space);
  const room = await machineRoom(target.here ? target.port : undefined);
  // Only what is loopback has addresses to choose from; IPv6 has one there.
  const mayChoose = target.loopback && target.address !== "::1";
  const wished = command.sources?.length ?? (mayChoose ? undefined : 0);
  const wish = {
    listeners: question.listeners,
    attacks: question.attacks.length,
    tls: target.tls,
    processes: command.processes,
    sources: wished,
  };
  const made = spread(wish, room);
  const sources = command.sources ?? (mayChoose ? loopbackSources(made.sources) : []);
  const crowd = crowdOf(question);
  const host = { host: target.address, port: target.port };
  return {
    target,
    space,
    crowd,
    spread: made,
    seconds: crowd.hour + question.lasts / 1000 + behaviour.endWithin / 1000,
    conducting: {
      question,
      crowd,
      behaviour: behaviourOf(command),
      target,
      space,
      swarmTarget: {
        bases: [baseOf(target)],
        host: target.url.host,
        space: space.id,
        ...(target.ca === undefined ? {} : { ca: target.ca }),
      },
      processes: made.processes,
      most: made.most,
      sources,
      attackOrder: (i) => ({
        target: {
          ...host,
          tls: target.tls,
          space: space.id,
          stageUdp: { host: target.address, port: command.stageUdp ?? target.port },
        },
        permitted: !target.loopback,
        sources: command.sources ?? (mayChoose ? loopbackSources(attackSources, `127.0.${128 + i}.1`) : []),
      }),
      metrics: await metricsOf(command),
      patience: command.patience / 1000,
      cores: room.cores,
    },
  };
}

/** What people do, as the model takes it, in seconds. */
function behaviourOf({ question }: RehearseCommand): SwarmBehaviour {
  const { patience, reloadAfter, giveUpAfter, leaveAfter, returnShare, returnAfter, endWithin } = behaviour;
  return {
    mix: question.mix,
    pageShare: question.pageShare,
    patience: patience / 1000,
    reloadAfter: reloadAfter / 1000,
    giveUpAfter: giveUpAfter / 1000,
    leaveAfter: leaveAfter / 1000,
    returnShare,
    returnAfter: returnAfter / 1000,
    endWithin: endWithin / 1000,
  };
}

/** The reader of the server's metrics, which answered once. @throws Problem `usage` when nothing is where they were said to be */
async function metricsOf({ metrics, data }: RehearseCommand): Promise<MetricsReader | undefined> {
  const where = metrics ?? (data === undefined ? undefined : { socket: sockets.metrics(await runFolder(data)) });
  if (!where) return undefined;
  const reader = new MetricsReader(where);
  if (await reader.read()) return reader;
  reader.close();
  const said = "socket" in where ? where.socket : where.url.href;
  throw off(metrics ? "--metrics" : "--data", said, "the metrics, or the data folder, of a running server");
}

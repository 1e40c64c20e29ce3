import { createHmac } from "node:crypto";
import type { Witness } from "../../edge/census.ts";
import type { SpaceEntry } from "../../edge/directory.ts";
import type { Edge } from "../../edge/server.ts";
import { alwaysOpen, type Levels } from "../../edge/service-level.ts";
import { Recorder } from "../../evidence/recorder.ts";
import { ResourceReader } from "../../evidence/resources.ts";
import { SourceCounter } from "../../evidence/sources.ts";
import { ms } from "../../foundation/duration.ts";
import type { ShieldCounts } from "../../shield/shield.ts";
import type { ActionBody } from "../../wire/actions.ts";
import type { BeginBody, ShieldCountName } from "../../wire/evidence.ts";
import type { ProcessConfig } from "../config.ts";
import { type ChainPlace, openChain } from "./chain.ts";

/** How often the head of the chain is said in the log, ms: whoever keeps the log elsewhere has it there. */
const headEveryMs = ms(3600_000);

export interface EvidenceOptions extends ChainPlace, Pick<ProcessConfig, "scope"> {
  /** What the installation's edges share: who has it writes the same prefix alike. */
  readonly shared: string;
  readonly begin: Omit<BeginBody, "t" | "process">;
  /** Why the process ends, when it does. */
  readonly why: () => string;
}

/** The evidence of one edge process: who is told of everybody that asks, and what starts once there is an edge to be asked. */
export interface Evidence {
  readonly witness: Witness;
  readonly spaceChanged: (entry: SpaceEntry, isGone: boolean) => void;
  /** Something was handed down against an address or prefix, or would have been; the address is not written down. */
  readonly acted: (action: Omit<ActionBody, "t" | "prefix">, address: string) => void;
  /** @param shield what the edge's shield counts, where it has one; and its levels of service */
  start(edge: Pick<Edge, "reading" | "listeners" | "health">, shield?: ShieldCounts, levels?: Levels): void;
}

/** Opens the process's chain. What goes wrong with it keeps no edge from serving: it is said in the log and in a metric. */
export async function openEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { clock, log, scope, process, begin } = options;
  const sources = new SourceCounter({ key: createHmac("sha256", options.shared).update("evidence sources").digest() });
  const witness: Witness = {
    asked: (address) => sources.asked(address, performance.now()),
    joined: (address) => sources.joined(address),
  };
  const chain = await openChain(options);
  let recorder: Recorder | undefined;
  return {
    witness,
    spaceChanged: (entry, isGone) => {
      if (isGone) return recorder?.forget(entry.state.id);
      const { id, slug, title, status, hold, startAt } = entry.state;
      recorder?.space({ id, slug, title, status, hold, startAt });
    },
    acted: (action, address) =>
      void chain.append({
        t: "action",
        prefix: sources.named(address),
        ...action,
      }),
    start: (edge, shield, levels = alwaysOpen) => {
      const resources = new ResourceReader();
      const mine = new Recorder({
        append: (body) => chain.append(body),
        read: () => {
          const { counts, gauges } = edge.reading();
          const all = { ...counts, ...shieldReading(shield) };
          const { own: level, cause } = levels;
          return { counts: all, gauges, level, cause, origin: edge.health().origin, spaces: () => edge.listeners() };
        },
        sources,
        resources: () => resources.take(),
        now: () => clock.now(),
      });
      recorder = mine;
      void mine.begin({ ...begin, process });
      scope.every(ms(1000), () => void mine.second());
      scope.every(headEveryMs, () => log.info("evidence-head", { ...chain.head }));
      scope.onEnd(async () => {
        resources.end();
        await mine.end(options.why());
        await chain.close();
        log.info("evidence-head", { ...chain.head });
      });
    },
  };
}

/** What a shield has done since the process began, by the names that evidence has for it. */
function shieldReading(counts: ShieldCounts | undefined): Record<ShieldCountName, number> {
  if (!counts) return { later: 0, laterBehaved: 0, dropped: 0, misdeeds: 0, persisted: 0 };
  const { later, laterBehaved, dropped, misdeeds } = counts;
  const { persisted = 0 } = misdeeds;
  return { later, laterBehaved, dropped, misdeeds: Object.values(misdeeds).reduce((a, b) => a + b, 0), persisted };
}

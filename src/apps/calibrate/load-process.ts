/** The process that loads the server which `rostra calibrate` measures: what it takes is not the server's. It does what it is told over its channel. */
import { reason } from "../../foundation/errors.ts";
import { ask, askKept, Held, type LoadTarget, many, Numbered } from "../../rehearsal/calibrate/loads.ts";
import type { Players } from "../../rehearsal/calibrate/players.ts";
import type { SwarmOrder } from "../../rehearsal/swarm/contract.ts";

/** What it can be told; each is answered once it is done. */
export type LoadOrder =
  /** So many connections, each asking once: until the server closes, or `enough` bytes came. `resume`: with a session. */
  | {
      readonly do: "ask";
      readonly target: LoadTarget;
      readonly request: string;
      readonly count: number;
      readonly enough?: number;
      readonly resume?: boolean;
    }
  /** So many requests, each of these in turn, one after the other on kept connections. */
  | {
      readonly do: "kept";
      readonly target: LoadTarget;
      readonly requests: readonly string[];
      readonly count: number;
    }
  /** So many listeners more that stay. */
  | { readonly do: "hold"; readonly target: LoadTarget; readonly request: string; readonly count: number }
  /** So many listeners by number that stay; `{n}` in the request is the segment's number. */
  | {
      readonly do: "number";
      readonly target: LoadTarget;
      readonly request: string;
      readonly count: number;
      readonly first: number;
    }
  /** Real people come as this says, from now on, and stay. */
  | { readonly do: "play"; readonly order: SwarmOrder }
  /** How many listeners there are, how many were lost, and how many segments were answered by number. */
  | { readonly do: "look" }
  /** All who stay go. */
  | { readonly do: "release" };

export interface LoadLook {
  readonly held: number;
  readonly lost: number;
  readonly answered: number;
}

export type LoadAnswer =
  | { readonly ok: true; readonly look: LoadLook }
  | { readonly ok: false; readonly reason: string };

const held: (Held | Numbered | Players)[] = [];

async function follow(order: LoadOrder): Promise<void> {
  switch (order.do) {
    case "ask": {
      const { target, request, count, enough } = order;
      const more = enough === undefined ? {} : { enough };
      if (order.resume !== true) return many(count, async () => void (await ask(target, request, more)));
      const session = await ask(target, request, more);
      if (!session) throw new Error("the server gave no session to resume");
      return many(count, async () => void (await ask(target, request, { ...more, session })));
    }
    case "kept":
      return askKept(order.target, order.requests, order.count);
    case "hold": {
      const crowd = new Held(order.target);
      held.push(crowd);
      return crowd.add(order.count, order.request);
    }
    case "number": {
      const crowd = new Numbered(order.target, (n) => order.request.replace("{n}", String(n)));
      held.push(crowd);
      return crowd.add(order.count, order.first);
    }
    case "play": {
      const { Players } = await import("../../rehearsal/calibrate/players.ts");
      held.push(new Players(order.order));
      return;
    }
    case "look":
      return;
    case "release":
      for (const crowd of held.splice(0)) await crowd.end();
      return;
  }
}

function look(): LoadLook {
  const sum = (of: (crowd: (typeof held)[number]) => number): number => held.reduce((so, crowd) => so + of(crowd), 0);
  return {
    held: sum(({ size }) => size),
    lost: sum(({ lost }) => lost),
    answered: sum((crowd) => (crowd instanceof Numbered ? crowd.answered : 0)),
  };
}

process.on("message", (order: LoadOrder) => {
  follow(order).then(
    () => process.send?.({ ok: true, look: look() } satisfies LoadAnswer),
    (thrown: unknown) => process.send?.({ ok: false, reason: reason(thrown) } satisfies LoadAnswer),
  );
});
process.on("disconnect", () => process.exit());

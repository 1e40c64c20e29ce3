import type { CountName } from "../../wire/evidence.ts";
import { audience, type People, visit } from "./crowds.ts";
import { type Hosts, hostsOf } from "./hosts.ts";
import type { Scene } from "./scene.ts";

/** An attack: from where, how strong (in what it costs: ms of processor a second), from when to when. */
export interface Assault {
  readonly hosts: Hosts;
  /** ms of processor a second. */
  readonly strength: number;
  readonly from: number;
  readonly to: number;
  /** How its pace goes: evenly, in waves, growing, or as chance has it. */
  readonly pace: "even" | "pulsing" | "growing" | "ragged";
}

const paces = ["even", "even", "pulsing", "growing", "ragged"] as const;

/** An attacker as they come: a few machines, some data centres, or a botnet. */
export function assaultOf(scene: Scene, strength: number): Assault {
  const { chance } = scene;
  const kind = chance.whole(3);
  const hosts = hostsOf(chance, {
    prefixes: [1 + chance.whole(4), 20 + chance.whole(60), 300 + chance.whole(1500)][kind] ?? 1,
    clusters: [2, 6, 900][kind] ?? 1,
    skew: chance.between(0, 0.3),
    perPrefix: [1, 4, 3][kind] ?? 1,
  });
  const from = 100 + chance.whole(80);
  return { hosts, strength, from, to: from + 30 + chance.whole(150), pace: chance.pick(paces) };
}

export type AttackKind = (scene: Scene, assault: Assault, people: People) => void;

/** Goes through the seconds of an attack, each with the strength that its pace has there. */
function through(
  scene: Scene,
  { strength, from, to, pace }: Assault,
  each: (second: number, ms: number) => void,
): void {
  for (let second = from; second < Math.min(to, scene.seconds); second++) {
    const passed = second - from;
    const paced = {
      even: 1,
      pulsing: passed % 20 < 10 ? 1.6 : 0.2,
      growing: Math.min(1.5, passed / 40),
      ragged: scene.chance.between(0.3, 1.7),
    }[pace];
    each(second, strength * paced);
  }
}

interface Asking {
  readonly costMs?: number;
  /** Requests on one connection. @default drawn, 1 to 40 */
  readonly perConnection?: number;
  /** Share of what is asked for that does not exist at all. @default 0 */
  readonly strays?: number;
}

/** Requests of one kind at a rate, in bundles of one host's; some leave their connections open until they are closed for it. */
const requests =
  (what: (scene: Scene) => CountName, { costMs = 0.04, perConnection, strays = 0 }: Asking = {}): AttackKind =>
  (scene, assault) => {
    const { chance } = scene;
    const each = perConnection ?? chance.scale(1, 40);
    const [left, stray] = [chance.is(0.5) ? chance.between(0, 0.6) : 0, strays * chance.between(0.5, 1)];
    scene.hold(assault.from, assault.to, 20, "attack");
    through(scene, assault, (second, ms) => {
      const all = chance.poisson(ms / (costMs + 0.03 / each));
      scene.count(second, "connections", all / each, "attack");
      scene.count(second + 5, "bad", (all / each) * left, "attack");
      const bundle = Math.max(1, all / 40);
      for (let n = all; n > 0; n -= bundle) {
        const [by, some] = [assault.hosts.pick(chance), Math.min(n, bundle)];
        if (chance.is(stray)) scene.stray(second, "notFound", some, "attack", by);
        else {
          const name = what(scene);
          scene.count(second, name, some, "attack", by);
          if (name !== "joins") continue;
          scene.count(second + 1, "left", some, "attack");
          scene.count(second + 1, "leftEarly", some, "attack");
        }
      }
    });
  };

/** Connections that are opened at a rate and each held so long; what they are then closed as. */
const connections =
  (lastsMean: number, endsBad: number): AttackKind =>
  (scene, assault) => {
    const { chance } = scene;
    const cost = 0.03 + Math.min(lastsMean, 60) * 0.013;
    through(scene, assault, (second, ms) => {
      const all = chance.poisson(ms / cost);
      scene.count(second, "connections", all, "attack");
      scene.hold(second, Math.min(assault.to, second + Math.max(1, lastsMean)), all, "attack");
      if (endsBad > 0) scene.count(second + lastsMean, "bad", all * endsBad, "attack");
    });
  };

export const attacks = {
  "request-flood": requests((scene) => scene.chance.pick(["pages", "states", "states", "segments", "inits", "joins"])),
  "cache-busting": requests((scene) => scene.chance.pick(["states", "pages", "segments", "segments"]), { strays: 0.9 }),
  "wild-segments": requests(() => "segments", { strays: 1 }),
  "connection-churn": connections(0.3, 0),
  "slow-headers": connections(6, 0.95),
  "slow-body": connections(11, 0.9),
  "slow-read": (scene, assault) => {
    through(scene, assault, (second, ms) => {
      for (let n = scene.chance.poisson(ms / 0.5); n > 0; n--) {
        scene.count(second, "connections", 1, "attack");
        const until = second + 15 + scene.chance.whole(10);
        scene.play({ from: second, until, way: "stream", cause: "attack" }, assault.hosts.pick(scene.chance));
        scene.count(until - 1, "unread", 1, "attack");
      }
    });
  },
  "idle-connections": (scene, assault, people) =>
    // Most of them are closed for it, and come again.
    connections(scene.chance.pick([6, 6, 60]), scene.chance.pick([0, 0.9]))(scene, assault, people),
  "range-abuse": requests((scene) => scene.chance.pick(["replays", "segments"])),
  "header-bombs": (scene, assault) => {
    through(scene, assault, (second, ms) => {
      const all = scene.chance.poisson(ms / 0.11);
      scene.count(second, "connections", all, "attack");
      for (let n = all; n > 0; n -= Math.max(1, all / 30))
        scene.stray(second, "bad", Math.min(n, Math.max(1, all / 30)), "attack", assault.hosts.pick(scene.chance));
    });
  },
  "api-flood": (scene, assault) => {
    requests(() => "api", { costMs: 0.3 })(scene, assault, undefined as never);
    through(scene, assault, (second, ms) => scene.count(second, "refused", (ms / 0.3) * 0.6, "attack"));
  },
  /** Datagrams at the stage: an edge sees nothing of them. */
  "stage-flood": () => {},
  "websocket-flood": (scene, assault) => {
    connections(40, 0)(scene, { ...assault, strength: assault.strength / 2 }, undefined as never);
    requests(() => "api", { costMs: 0.3, perConnection: 1 })(
      scene,
      { ...assault, strength: assault.strength / 2 },
      undefined as never,
    );
  },
  /** They listen, and do nothing else: an edge cannot tell them from people but by where and when they come. */
  "fake-listeners": (scene, assault) => {
    const all = assault.strength / 0.013;
    for (let i = 0; i < all; i++) {
      const from = assault.from + scene.chance.between(0, 10);
      scene.count(from, "connections", 1, "attack");
      scene.play({ from, until: assault.to, way: "stream", cause: "attack" }, assault.hosts.pick(scene.chance));
    }
  },
  /** Those who listen ask as well, on behalf of somebody else. */
  "hijacked-players": (scene, assault, people) => {
    requests((one) => one.chance.pick(["states", "segments"]))(scene, { ...assault, hosts: people.hosts }, people);
  },
  /** They want in, are refused, and ask again at once. */
  "retry-storm": (scene, assault) => {
    through(scene, assault, (second, ms) => {
      const all = scene.chance.poisson(ms / 0.12);
      scene.count(second, "connections", all / 3, "attack");
      for (let n = all; n > 0; n -= Math.max(1, all / 40)) {
        const [by, some] = [assault.hosts.pick(scene.chance), Math.min(n, Math.max(1, all / 40))];
        scene.count(second, "states", some, "attack", by);
        scene.count(second, "joins", some, "attack", by);
        scene.count(second, "left", some, "attack");
        scene.count(second, "leftEarly", some, "attack");
        scene.count(second, "refused", some * 0.3, "attack");
      }
    });
  },
  /** Few requests of many hosts, for long. */
  "low-and-slow": (scene, assault) => {
    const long = { ...assault, from: 60, to: scene.seconds, pace: "ragged" as const };
    const some = { ...long, strength: assault.strength / 2 };
    connections(30, 0.3)(scene, some, undefined as never);
    requests((one) => one.chance.pick(["states", "pages"]), { perConnection: 2 })(scene, some, undefined as never);
  },
  /** In everything like people: they come as a crowd does, and stay. */
  mimic: (scene, assault, people) => {
    const all = assault.strength / 0.02;
    for (let i = 0; i < all; i++)
      visit(scene, people, assault.from + scene.chance.exponential(20), people.hosts.pick(scene.chance), "attack");
  },
} satisfies Record<string, AttackKind>;
export type AttackKindName = keyof typeof attacks;

/** An attack on a quiet evening: some listen, nobody else comes. */
export const quietEvening = (scene: Scene, people: People): void =>
  audience(scene, people, Math.min(400, people.count));

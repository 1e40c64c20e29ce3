import type { Cause } from "../likelihood.ts";
import type { Chance } from "./chance.ts";
import { type Host, type Hosts, hostsOf, mixed } from "./hosts.ts";
import type { Scene } from "./scene.ts";

/** People in one scene: how many, from where, and how they behave. Drawn anew for each. */
export interface People {
  readonly count: number;
  readonly hosts: Hosts;
  readonly leaveEarly: number;
  readonly pageOnly: number;
  readonly mean: number;
  readonly mix: { readonly stream: number; readonly numbered: number };
}

export function peopleOf(scene: Scene, { known = scene.chance.between(0.3, 0.95) } = {}): People {
  const { chance } = scene;
  const hosts = hostsOf(chance, {
    prefixes: chance.whole(2500) + 300,
    clusters: chance.whole(400) + 60,
    skew: chance.between(0.3, 1),
    perPrefix: chance.whole(60) + 4,
  });
  scene.had(hosts.prefixes.filter(() => chance.is(known)));
  return {
    count: Math.round(chance.scale(150, 3000)),
    hosts,
    leaveEarly: chance.between(0.01, 0.14),
    pageOnly: chance.between(0.05, 0.5),
    mean: chance.scale(120, 3600),
    mix: { stream: chance.between(0.6, 0.95), numbered: 0.5 },
  };
}

/** Somebody comes: page, state, and sound a moment later; some only look, some leave at once and perhaps come again. */
export function visit(scene: Scene, people: People, at: number, by: Host, cause: Cause = "crowd", again = 0): void {
  const { chance } = scene;
  scene.count(at, "connections", 1 + chance.whole(3), cause);
  scene.hold(at, at + 15, 1, cause);
  scene.count(at, "pages", 3 + chance.whole(4), cause, by);
  if (chance.is(0.02)) scene.stray(at, "notFound", 1, cause, by);
  if (chance.is(people.pageOnly)) return;
  const hears = at + 0.2 + chance.exponential(0.7);
  scene.count(hears, "states", chance.is(0.2) ? 2 : 1, cause, by);
  listen(scene, people, hears, by, cause);
  if (!chance.is(people.leaveEarly) || again > 2) return;
  scene.play({ from: hears, until: hears + 1 + chance.whole(2), way: "stream", cause }, by);
  if (chance.is(0.5)) visit(scene, people, hears + 2 + chance.exponential(6), by, cause, again + 1);
}

/** Plays, as long as people do. */
export function listen(scene: Scene, people: People, from: number, by: Host, cause: Cause = "crowd"): void {
  const { chance } = scene;
  const drawn = chance.next();
  const way = drawn < people.mix.stream ? "stream" : drawn < (1 + people.mix.stream) / 2 ? "numbered" : "hls";
  scene.count(from, "connections", 1, cause);
  if (way !== "stream") scene.count(from, "inits", 1, cause, by);
  scene.play({ from, until: from + 4 + chance.exponential(people.mean), way, cause }, by);
}

/** An audience that is there from the beginning, and goes on. */
export function audience(scene: Scene, people: People, count: number): void {
  for (let i = 0; i < count; i++)
    visit(scene, { ...people, mean: 1800, pageOnly: 0 }, scene.chance.between(0, 40), people.hosts.pick(scene.chance));
}

/** When people come to something that begins at `at`: an early few, then at once, then fewer. */
const flash = (chance: Chance, at: number): number =>
  chance.is(0.15) ? at - chance.exponential(14) : at + chance.exponential(25);
const push = (chance: Chance, at: number): number => at + 6 * Math.exp(0.8 * chance.normal());

export type Kind = (scene: Scene, people: People) => void;

function come(scene: Scene, people: People, when: () => number): void {
  for (let i = 0; i < people.count; i++) visit(scene, people, when(), people.hosts.pick(scene.chance));
}

const begins = 120;

/** Crowds without an attack in them. */
export const crowds = {
  /** An announced minute. */
  announced: (scene, people) => {
    scene.announce(begins);
    come(scene, people, () => flash(scene.chance, begins));
  },
  /** A notification that everybody gets at once: a step within seconds. */
  push: (scene, people) => {
    scene.announce(begins);
    come(scene, people, () => push(scene.chance, begins));
  },
  /** Nearly everybody behind the addresses of a few carriers. */
  "carrier-nat": (scene, people) => {
    scene.announce(begins);
    const carriers = hostsOf(scene.chance, {
      prefixes: 6 + scene.chance.whole(20),
      clusters: 3,
      skew: 0.6,
      perPrefix: 3,
    });
    const hosts = mixed(people.hosts, carriers, scene.chance.between(0.6, 0.97));
    come(scene, { ...people, hosts }, () => flash(scene.chance, begins));
  },
  /** Nobody has been here before, and nothing is known of anybody. */
  "first-event": (scene, people) => {
    scene.announce(begins);
    come(scene, people, () => flash(scene.chance, begins));
  },
  /** A link that is passed on: no announcement, ever more. */
  unannounced: (scene, people) => {
    const doubling = scene.chance.between(15, 60);
    const when = (): number => Math.min(scene.seconds - 1, 280 + doubling * Math.log2(1 - scene.chance.next() + 0.02));
    come(scene, people, when);
  },
  /** An announcement that brings machines which make previews, and people who look and go. */
  lookers: (scene, people) => {
    scene.announce(begins);
    come(scene, { ...people, pageOnly: scene.chance.between(0.6, 0.85) }, () => flash(scene.chance, begins));
    const previews = hostsOf(scene.chance, { prefixes: 12, clusters: 4, skew: 0.5, perPrefix: 40 });
    for (let i = people.count / 4; i > 0; i--) {
      const [at, by] = [begins + scene.chance.exponential(20), previews.pick(scene.chance)];
      scene.count(at, "connections", 1, "crowd");
      scene.count(at, "pages", 1 + scene.chance.whole(3), "crowd", by);
    }
  },
  /** Bad networks: people lose the sound, come again, and read slowly. */
  "bad-networks": (scene, people) => {
    scene.announce(begins);
    const flaky = { ...people, leaveEarly: scene.chance.between(0.25, 0.5), mean: 60 };
    come(scene, flaky, () => flash(scene.chance, begins));
    for (let at = begins; at < scene.seconds; at++)
      scene.count(at, "unread", scene.chance.poisson(people.count / 400), "crowd");
  },
  /** The end: everybody asks for the state at once, many for the replay. */
  "end-herd": (scene, people) => {
    audience(scene, people, people.count);
    scene.announce(200);
    for (let i = 0; i < people.count; i++) {
      const [at, by] = [200 + scene.chance.exponential(3), people.hosts.pick(scene.chance)];
      scene.count(at, "states", 1 + scene.chance.whole(3), "crowd", by);
      if (scene.chance.is(0.25)) {
        scene.count(at + 1, "connections", 1, "crowd");
        scene.count(at + 2, "replays", 4 + scene.chance.whole(12), "crowd", by);
      }
    }
  },
} satisfies Record<string, Kind>;
export type CrowdName = keyof typeof crowds;

/** Faults of our own. */
export const faults = {
  /** Our edge dies and everybody comes back, again and again until it is let in: the attempts are our fault, who then plays is the crowd. */
  "reconnect-storm": (scene, people) => {
    const { chance } = scene;
    const at = 130 + chance.whole(40);
    for (let i = 0; i < people.count; i++) {
      const by = people.hosts.pick(chance);
      scene.play({ from: chance.between(0, 30), until: at, way: "stream", cause: "crowd" }, by);
      let now = at + 2 + chance.exponential(4);
      for (let tries = chance.whole(6); tries > 0; tries--) {
        scene.count(now, "connections", 1, "fault");
        scene.count(now, "states", 1 + chance.whole(2), "fault", by);
        if (chance.is(0.5)) scene.count(now, "refused", 1, "fault");
        else scene.play({ from: now, until: now + 1, way: "stream", cause: "fault" }, by);
        now += chance.exponential(3) + 1;
      }
      listen(scene, { ...people, mean: 1800 }, now, by);
    }
    scene.restart(at + 2, "killed");
    scene.stall(at, chance.is(0.5) ? 3000 : 200);
    if (chance.is(0.5)) scene.away(at);
  },
  /** A player that asks for the state, or the playlist, far too often from one version on. */
  "retry-bug": (scene, people) => {
    const { chance } = scene;
    const at = 100 + chance.whole(60);
    audience(scene, people, people.count);
    if (chance.is(0.7)) scene.restart(at - 5 - chance.whole(20), "replaced", "1.0.1");
    const [rate, share, ramp] = [chance.between(0.3, 3), chance.between(0.4, 1), chance.between(1, 40)];
    const what = chance.pick(["states", "playlists", "beacons"] as const);
    for (let second = at; second < scene.seconds; second++) {
      const grown = Math.min(1, (second - at) / ramp);
      const all = chance.poisson(people.count * share * rate * grown);
      for (let i = 0; i < 60; i++) scene.count(second, what, all / 60, "fault", people.hosts.pick(chance));
    }
  },
  /** The origin is away: held requests time out, players ask again. */
  "origin-away": (scene, people) => {
    const { chance } = scene;
    audience(scene, people, people.count);
    const [at, lasts] = [130 + chance.whole(60), 10 + chance.whole(60)];
    for (let second = at; second < Math.min(scene.seconds, at + lasts); second++) {
      scene.away(second);
      scene.count(second, "trouble", 1, "fault");
      for (let n = chance.poisson((people.count * chance.between(0.1, 0.5)) / 2); n > 0; n--) {
        const by = people.hosts.pick(chance);
        scene.count(second, "states", 1, "fault", by);
        if (chance.is(0.3)) scene.count(second, "refused", 1, "fault");
      }
    }
  },
} satisfies Record<string, Kind>;
export type FaultName = keyof typeof faults;

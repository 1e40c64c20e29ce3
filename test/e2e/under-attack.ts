import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { AttackerName, AttackOrder, AttackTold } from "../../src/rehearsal/attackers/contract.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { livePaths } from "../../src/wire/paths.ts";
import { Bystanders, type Heard } from "./bystanders.ts";
import { Resources, type Used } from "./resources.ts";
import { Server, type ServerOptions } from "./server.ts";
import { ask } from "./wire-client.ts";

const rendition = "opus-32k";
/** Newcomers and looks at the state and the page while an attack goes on: one of each in so many ms. */
const newcomerEveryMs = 250;
/** An attack comes from so many addresses. */
const sources = Array.from({ length: 8 }, (_, i) => `127.0.3.${i + 1}`);

/** What one attack came to. */
export interface Attacked extends Noticed {
  /** What the attacker did and got. */
  readonly told: AttackTold;
  /** Connections that it held, at most, as it told each second. */
  readonly mostOpen: number;
}

/** What everybody noticed while something went on. */
export interface Noticed {
  readonly heard: Heard;
  /** Answers to looks at the state and the page meanwhile that were not 200. */
  readonly unanswered: readonly string[];
  readonly looks: number;
  /** Segments that were published from the first reading of the metrics to the last. */
  readonly segments: number;
  /** Requests upstream for segments between these. */
  readonly fetches: number;
  readonly used: Used;
  /** How much a metric grew, over all of its labels and processes. */
  grown(metric: RegExp): number;
}

export interface UnderAttackOptions extends ServerOptions {
  /** Listeners of the endless response, and of numbered segments. @default 40 and 5 */
  readonly streams?: number;
  readonly numbered?: number;
}

/** A real server with one edge, and people who listen to its demo. One attack after the other comes over them. */
export class UnderAttack implements AsyncDisposable {
  readonly server: Server;
  /** How many people play. */
  readonly listeners: number;
  readonly #people: Bystanders;
  readonly #resources: Resources;

  private constructor(server: Server, listeners: number, people: Bystanders, resources: Resources) {
    this.server = server;
    this.listeners = listeners;
    this.#people = people;
    this.#resources = resources;
  }

  static async start({ streams = 40, numbered = 5, ...options }: UnderAttackOptions = {}): Promise<UnderAttack> {
    const server = await Server.start({ demo: true, edges: 1, ...options });
    try {
      const live = await server.until(
        "demo",
        ({ status, hold, latest }) => status === "live" && !hold && (latest ?? 0) > 3,
      );
      const people = new Bystanders(server.url, `/live/${live.id}/${rendition}`, live.epochMs ?? 0);
      people.play(streams, numbered);
      await people.reach((live.latest ?? 0) + 3);
      return new UnderAttack(server, streams + numbered, people, new Resources(await server.pid("edge 1")));
    } catch (thrown) {
      await server[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** Attacks for so many seconds, and tells what everybody noticed, until who listens has heard all of it. */
  async whileAttacked(name: AttackerName, strength: number, forSeconds: number): Promise<Attacked> {
    const { done: seconds, ...noticed } = await this.during(() => this.#attack(name, strength, forSeconds));
    const told = seconds.at(-1);
    if (told?.t !== "end") throw new Error(`the attack did not come to its end: ${JSON.stringify(told)}`);
    return { ...noticed, told, mostOpen: Math.max(...seconds.map(({ counts }) => counts.open)) };
  }

  /** The same of anything else that goes on. */
  async during<T>(something: () => Promise<T>): Promise<Noticed & { readonly done: T }> {
    const before = await this.#reading();
    this.#people.begin();
    const used = this.#resources.watch();
    const over = new AbortController();
    const newcomers = this.#people.welcome(newcomerEveryMs, over.signal);
    const looks = this.#look(over.signal);
    const done = await something().finally(() => over.abort());
    await newcomers;
    const answers = await looks;
    const { latest } = await this.server.state("demo");
    await this.#people.reach(latest ?? 0);
    const after = await this.#reading();
    return {
      done,
      heard: await this.#people.heard(after.latest),
      unanswered: answers.filter((answer) => !answer.endsWith(" 200")),
      looks: answers.length,
      segments: after.latest - before.latest,
      fetches: sum(after.metrics, segmentFetches) - sum(before.metrics, segmentFetches),
      used: await used(),
      grown: (metric) => sum(after.metrics, metric) - sum(before.metrics, metric),
    };
  }

  /** The sum of a metric now, over all of its labels and processes. */
  async metric(metric: RegExp): Promise<number> {
    return sum(await this.server.metrics(), metric);
  }

  /** Waits until a metric's sum is as wanted; throws with what it was last. */
  async until(metric: RegExp, wanted: (value: number) => boolean, withinMs = 15_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (let value = Number.NaN; !wanted(value); await sleep(100)) {
      if (performance.now() > deadline) throw new Error(`${metric.source} is ${value}`);
      value = await this.metric(metric);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#people.end();
    await this.server[Symbol.asyncDispose]();
  }

  async #reading(): Promise<{ latest: number; metrics: string }> {
    const { latest } = await this.server.state("demo");
    return { latest: latest ?? 0, metrics: await this.server.metrics() };
  }

  async #attack(name: AttackerName, strength: number, seconds: number): Promise<AttackTold[]> {
    const port = Number(new URL(this.server.url).port);
    const host = "127.0.0.1";
    const order: AttackOrder = {
      name,
      // The stage's UDP port has the same number.
      target: { host, port, tls: false, space: "demo", stageUdp: { host, port } },
      strength,
      sources,
      seed: 1,
      beginsAt: Date.now(),
      // Its process has to start first.
      from: 1,
      to: 1 + seconds,
    };
    const child = spawn(process.execPath, [join(import.meta.dirname, "attack-process.ts"), JSON.stringify(order)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [lines] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AttackTold);
  }

  async #look(over: AbortSignal): Promise<string[]> {
    const answers: string[] = [];
    for (; !over.aborted; await sleep(newcomerEveryMs))
      for (const path of [livePaths.state("demo"), pagePaths.space("demo")]) {
        const { status } = await ask(this.server.url, { path });
        answers.push(`${path} ${status}`);
      }
    return answers;
  }
}

const segmentFetches = /^rostra_edge_upstream_fetches_total\{.*kind="(past-)?segment"/;

const sum = (metrics: string, name: RegExp): number =>
  metrics
    .split("\n")
    .filter((line) => name.test(line))
    .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);

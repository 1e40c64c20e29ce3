import { type Histogram, HistogramCounter } from "../../sketch/histogram.ts";
import type { SwarmCounts, SwarmSecond } from "../swarm/contract.ts";
import type { ServerSecond } from "./exposition.ts";

/** What a second look at the target itself, beside the swarm, came to. */
export interface Probe {
  /** Whether state and page answered with 200. */
  readonly answered: boolean;
  /** From the connect of a listener of its own to its first sound, ms; left out when there was none. */
  readonly joined: number | undefined;
  readonly level: number | undefined;
  /** The worst delay of the loop that looked, ms. */
  readonly loopDelay: number;
}

/** Half and 99 of 100, and the most, of what was timed in a second; ms. Left out when nothing was. */
export interface Timed {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** A second of the run, all processes together; counters since the run's beginning. */
export interface Row {
  readonly counts: SwarmCounts;
  readonly playing: number;
  readonly waiting: number;
  readonly firstSound: Timed | undefined;
  readonly behind: Timed | undefined;
  /** Of this second; kept to tell what an attack did to joins. */
  readonly joins: Histogram;
  /** The swarm: cores used, those of its fullest process, the worst delay of a loop (ms), resident bytes. */
  readonly swarm: {
    readonly cores: number;
    readonly fullest: number;
    readonly loopDelay: number;
    readonly rss: number;
  };
  readonly server: ServerSecond | undefined;
  readonly probe: Probe | undefined;
  /** Share of this machine's cores that were busy, whoever kept them so. */
  readonly machine: number | undefined;
}

/** What else is known of a second. */
export interface Beside {
  readonly server?: ServerSecond | undefined;
  readonly probe?: Probe | undefined;
  readonly machine?: number | undefined;
}

/** Most rows that are kept: six hours, the minute before and what ends it. */
export const maxRows = 6 * 3600 + 300;

interface Account {
  latest: SwarmSecond | undefined;
  /** Its CPU seconds when the last row was closed. */
  cpu: number;
  loopDelay: number;
  over: boolean;
}

/**
 * Adds up what the processes of a swarm tell, a row for each second. Whatever comes between two closes belongs to the row that is
 * closed next: a process that tells late is counted in the next row, and none is counted twice.
 */
export class Ledger {
  readonly rows: Row[] = [];
  readonly joins = new HistogramCounter();
  readonly firstBytes = new HistogramCounter();
  readonly behind = new HistogramCounter();
  /** Listeners that were with a process of the swarm that died: lost to the rehearsal, and no fault of the target. */
  lostListeners = 0;
  /** Of these, who waited for sound. */
  lostWaiting = 0;
  readonly #accounts: Account[];
  readonly #shares: readonly number[];
  readonly #second = { joins: new HistogramCounter(), behind: new HistogramCounter() };

  /** @param shares how many listeners each process has */
  constructor(shares: readonly number[]) {
    this.#shares = shares;
    this.#accounts = shares.map(() => ({ latest: undefined, cpu: 0, loopDelay: 0, over: false }));
  }

  take(process: number, told: SwarmSecond): void {
    const account = this.#accounts[process];
    if (!account || account.over) return;
    account.latest = told;
    account.loopDelay = Math.max(account.loopDelay, told.loopDelay);
    for (const [all, second, one] of [
      [this.joins, this.#second.joins, told.firstSound],
      [this.behind, this.#second.behind, told.behind],
    ] as const) {
      all.merge(one);
      second.merge(one);
    }
    this.firstBytes.merge(told.firstByte);
  }

  /** A process is gone before its time: what it counted stays, whom it still had is lost. */
  lose(process: number): void {
    const account = this.#accounts[process];
    if (!account || account.over) return;
    account.over = true;
    const { latest } = account;
    this.lostListeners += Math.max(0, (this.#shares[process] ?? 0) - (latest?.left ?? 0) - (latest?.gaveUp ?? 0));
    this.lostWaiting += latest?.waiting ?? 0;
    if (latest) account.latest = { ...latest, playing: 0, waiting: 0 };
  }

  /** Processes that tell nothing any more. */
  get dead(): number {
    return this.#accounts.filter(({ over }) => over).length;
  }

  close(beside: Beside): Row {
    const { joins, behind } = this.#second;
    const told = this.#accounts.flatMap(({ latest }) => latest ?? []);
    const used = this.#accounts.map((account) => {
      const cpu = account.latest?.cpu ?? 0;
      const grown = Math.max(0, cpu - account.cpu);
      account.cpu = cpu;
      return grown;
    });
    const row: Row = {
      counts: sumOf(told),
      playing: told.reduce((sum, one) => sum + one.playing, 0),
      waiting: told.reduce((sum, one) => sum + one.waiting, 0),
      firstSound: timed(joins),
      behind: timed(behind),
      joins: joins.toJSON(),
      swarm: {
        cores: used.reduce((sum, one) => sum + one, 0),
        fullest: used.reduce((most, one) => Math.max(most, one), 0),
        loopDelay: this.#accounts.reduce((most, one) => Math.max(most, one.loopDelay), 0),
        rss: told.reduce((sum, { rss }) => sum + rss, 0),
      },
      server: beside.server,
      probe: beside.probe,
      machine: beside.machine,
    };
    for (const account of this.#accounts) account.loopDelay = 0;
    joins.reset();
    behind.reset();
    if (this.rows.length < maxRows) this.rows.push(row);
    return row;
  }

  get last(): Row | undefined {
    return this.rows.at(-1);
  }
}

function timed(counter: HistogramCounter): Timed | undefined {
  if (counter.count === 0) return undefined;
  return { count: counter.count, p50: counter.quantile(0.5), p99: counter.quantile(0.99) };
}

export const noCounts: SwarmCounts = {
  arrived: 0,
  attempts: 0,
  heard: 0,
  refusedConnects: 0,
  refused: {},
  timeouts: 0,
  cut: 0,
  reloads: 0,
  moves: 0,
  gaveUp: 0,
  left: 0,
  returned: 0,
  segments: 0,
  gaps: 0,
  disorder: 0,
  wrong: 0,
  unchecked: 0,
  hold: 0,
  bytes: 0,
  heldBack: 0,
};

function sumOf(all: readonly SwarmCounts[]): SwarmCounts {
  const sum: Record<string, number> = {};
  const refused: Record<string, number> = {};
  for (const key of Object.keys(noCounts) as (keyof SwarmCounts)[]) {
    if (key === "refused") continue;
    sum[key] = all.reduce((so, one) => so + one[key], 0);
  }
  for (const one of all)
    for (const [status, n] of Object.entries(one.refused)) refused[status] = (refused[status] ?? 0) + n;
  return { ...noCounts, ...sum, refused };
}

/** How much a counter grew in row `i`. */
export const grew = (rows: readonly Row[], i: number, counter: Exclude<keyof SwarmCounts, "refused">): number =>
  (rows[i]?.counts[counter] ?? 0) - (rows[i - 1]?.counts[counter] ?? 0);

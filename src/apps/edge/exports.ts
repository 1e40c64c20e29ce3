import { networkInterfaces } from "node:os";
import type { Edge } from "../../edge/edge.ts";
import { AllowList } from "../../exports/allow-list.ts";
import { haproxyMap } from "../../exports/haproxy.ts";
import { logFile } from "../../exports/log-line.ts";
import { Offenders } from "../../exports/offenders.ts";
import { type Output, Outlet } from "../../exports/output.ts";
import { countPlaying, type Playing, together } from "../../exports/playing.ts";
import { ofOneHost, type Prefix, prefixAround } from "../../exports/prefix.ts";
import { type Action, Recommendations } from "../../exports/recommendations.ts";
import { shieldd } from "../../exports/shieldd-client.ts";
import { seconds } from "../../foundation/duration.ts";
import { reason } from "../../foundation/errors.ts";
import type { Shield } from "../../shield/shield.ts";
import { openSecrets, type Secrets } from "../../store/secrets.ts";
import type { ProcessConfig } from "../config.ts";
import { exportsKeyText } from "../edges/key.ts";
import type { Evidence } from "./evidence.ts";
import { type ExportsChoice, exportsChoice, type OutputChoice, shielddSocket } from "./exports-choice.ts";
import { exportsMetrics } from "./exports-metrics.ts";
import { playingElsewhere } from "./playing-elsewhere.ts";

/** How often it is looked who comes on. */
const lookEvery = seconds(5);
/** Actions that the admin socket still tells. */
export const maxTold = 50;

export interface ExportsOptions extends Pick<ProcessConfig, "run" | "clock" | "log" | "meter" | "scope"> {
  readonly choice: ExportsChoice;
  readonly secrets: Secrets;
  /** What the process is called, and its admin socket, which is not asked who plays. */
  readonly name: string;
  readonly socket: string;
  /** Told of everything that is told and done. */
  readonly onAction: (action: Action) => void;
}

/** What an edge hands down: what it hears from the shield, looks at every few seconds, and tells. */
export class Exports {
  readonly #options: ExportsOptions;
  readonly #allowList: AllowList;
  readonly #offenders: Offenders;
  readonly #recommendations: Recommendations;
  readonly #outlets: readonly Outlet[];
  readonly #told: (Action & { readonly at: number })[] = [];
  readonly #count: ReturnType<typeof exportsMetrics>;
  #isLooking = false;

  constructor(options: ExportsOptions) {
    const { choice, secrets, meter } = options;
    this.#options = options;
    this.#allowList = new AllowList([...choice.allow, ...ownAddresses()]);
    this.#offenders = new Offenders({ key: secrets.key("exports offenders") });
    this.#recommendations = new Recommendations({ dryRunMs: choice.dryRunMs });
    this.#count = exportsMetrics(meter, this.#recommendations);
    this.#outlets = choice.outputs.flatMap((one) => {
      const output = one.to === "log" ? undefined : one;
      return output ? [new Outlet(lazily(output, options), this.#lost(output.to))] : [];
    });
  }

  /** To be told by the shield: whom it refuses, and who is one of us. */
  readonly heard = {
    onRefused: (address: string): void => this.#offenders.refused(address),
    onVouched: (address: string): void => {
      const prefix = prefixAround(address, ofOneHost);
      if (prefix) this.#allowList.own(prefix, performance.now());
    },
  };

  /** Begins to look. */
  start(edge: Pick<Edge, "playing">, shield: Pick<Shield, "isBusy">): void {
    const { scope, log } = this.#options;
    scope.every(lookEvery, () => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      void this.look(edge, shield)
        .catch((thrown: unknown) => log.warn("exports-failed", { reason: reason(thrown) }))
        .finally(() => (this.#isLooking = false));
    });
    scope.onEnd(() => this.settled());
  }

  /** Resolves when everything that was to be told is, or is lost. */
  async settled(): Promise<void> {
    await Promise.all(this.#outlets.map((outlet) => outlet.settled()));
  }

  /** For the admin socket: what there is now, and what was told and done last. */
  get report(): object {
    const rules = this.#recommendations.rules.map((rule) => ({
      state: rule.kind === "told" ? "would-block" : "blocked",
      prefix: rule.offender.prefix.text,
      refused: rule.offender.refused,
      secondsLeft: rule.kind === "blocked" ? Math.ceil((rule.until - performance.now()) / 1000) : undefined,
    }));
    return { outputs: this.#options.choice.outputs.map(({ to }) => to), rules, told: this.#told.map(toldPlainly) };
  }

  /** Looks once who comes on, and tells what is to be told and done. */
  async look(edge: Pick<Edge, "playing">, shield: Pick<Shield, "isBusy">): Promise<void> {
    const offenders = this.#offenders.heavy();
    const { rules } = this.#recommendations;
    this.#offenders.fade(performance.now());
    if (offenders.length === 0 && rules.length === 0) return;
    const prefixes = [...offenders, ...rules.map(({ offender }) => offender)].map(({ prefix }) => prefix);
    const unique = [...new Map(prefixes.map((prefix) => [prefix.text, prefix])).values()];
    const actions = this.#recommendations.step(offenders, {
      allowList: this.#allowList,
      now: performance.now(),
      isBusy: (prefix) => isBusy(shield, prefix),
      playing: await this.#playing(edge, unique),
    });
    for (const action of actions) this.#tell(action);
  }

  /** Who plays on this machine: undefined when a process of it does not say. */
  async #playing(edge: Pick<Edge, "playing">, prefixes: readonly Prefix[]): Promise<Playing | undefined> {
    const { run, socket, log } = this.#options;
    try {
      const elsewhere = await playingElsewhere(run, socket, prefixes);
      return together([await countPlaying(edge.playing(), prefixes), ...elsewhere]);
    } catch (thrown) {
      log.warn("exports-not-known-who-plays", { reason: reason(thrown) });
      return undefined;
    }
  }

  #tell(action: Action): void {
    const { log, clock, onAction } = this.#options;
    this.#count.told(action);
    log.info("shield-export", toldPlainly(action));
    this.#told.push({ ...action, at: clock.now() });
    if (this.#told.length > maxTold) this.#told.shift();
    for (const outlet of this.#outlets) outlet.give(action);
    onAction(action);
  }

  readonly #lost = (to: OutputChoice["to"]) => (why: unknown) => {
    this.#count.lost(to);
    this.#options.log.warn("export-lost", { to, reason: reason(why) });
  };
}

/** Loaded when there is something to tell: what signs and posts is code that most never need. */
function lazily(choice: Exclude<OutputChoice, { to: "log" }>, options: ExportsOptions): Output {
  let made: Promise<Output> | undefined;
  return {
    name: choice.to,
    tell: async (action) => {
      made ??= outputOf(choice, options);
      return (await made).tell(action);
    },
  };
}

async function outputOf(
  choice: Exclude<OutputChoice, { to: "log" }>,
  { run, clock, scope, secrets, name }: ExportsOptions,
): Promise<Output> {
  const now = (): number => clock.now();
  switch (choice.to) {
    case "file":
      return logFile({ path: choice.path, process: name, now });
    case "shieldd":
      return shieldd(choice.socket ?? shielddSocket(run));
    case "haproxy":
      return haproxyMap({ socket: choice.socket, map: choice.map, now });
    case "webhook": {
      const { webhook } = await import("../../exports/webhook.ts");
      return webhook({ url: choice.url, key: exportsKeyText(secrets), now, signal: scope.signal });
    }
  }
}

/** What an edge hands down, when that is wanted and there is a shield to hear from; nothing when it cannot be: the edge serves all the same. */
export async function openExports(
  options: Omit<ExportsOptions, "choice" | "secrets"> & Pick<ProcessConfig, "data">,
  env: NodeJS.ProcessEnv,
): Promise<Exports | undefined> {
  const choice = exportsChoice(env);
  if (!choice) return undefined;
  try {
    return new Exports({ ...options, choice, secrets: await openSecrets(options.data) });
  } catch (thrown) {
    options.log.warn("nothing-is-exported", { error: thrown });
    return undefined;
  }
}

/** The prefixes of this machine's own addresses. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ address }) => prefixAround(address, { ipv4: 32, ipv6: 128 })?.text ?? []),
  );

/** An action as a chain of evidence has it, and an address of it: the reason in words may hold one, so there it is the guard's name. */
export const actionBody = ({ what, prefix, guard, seconds, hits, of }: Action): Parameters<Evidence["acted"]> => [
  { what, width: prefix.length, reason: guard ?? "came on although refused", seconds, hits, of },
  prefix.text.slice(0, prefix.text.indexOf("/")),
];

/** A prefix is asked for as it is: one address behind which others behave, or a network in which they do. */
function isBusy(shield: Pick<Shield, "isBusy">, { family, length, text }: Prefix): boolean {
  const address = text.slice(0, text.indexOf("/"));
  return shield.isBusy(address, length >= ofOneHost[family] ? "address" : "prefix");
}

const toldPlainly = ({ prefix, ...action }: Action & { readonly at?: number }): Record<string, unknown> => ({
  prefix: prefix.text,
  ...action,
});

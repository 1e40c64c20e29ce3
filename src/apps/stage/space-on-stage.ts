import type { AudioFrame } from "../../audio/frame.ts";
import type { Clock } from "../../foundation/clock.ts";
import { between, type EpochMs, epochMs, later } from "../../foundation/duration.ts";
import { reason } from "../../foundation/errors.ts";
import type { Link } from "../../foundation/link.ts";
import type { Log } from "../../foundation/log.ts";
import type { Scope } from "../../foundation/scope.ts";
import { createEncoders } from "../../programme/encoders.ts";
import { type Mix, Mixer } from "../../programme/mixer.ts";
import { Programme } from "../../programme/programme.ts";
import { Publisher } from "../../programme/publisher.ts";
import { startTicker } from "../../programme/ticker.ts";
import { Stage, type StagePorts } from "../../stage/stage.ts";
import type { StageLine, StageSpec } from "../../wire/stages.ts";
import { frameMs } from "../../wire/timeline.ts";
import type { StageMetrics } from "./metrics.ts";

export interface SpaceOnStageOptions {
  readonly id: string;
  readonly epoch: EpochMs;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** To the origin. */
  readonly origin: Link;
  readonly metrics: StageMetrics;
  readonly ports: Omit<StagePorts, "onPresence">;
  readonly announce: (line: StageLine) => void;
}

type Air =
  | { readonly state: "off" }
  | { readonly state: "opening" }
  | { readonly state: "on"; readonly programme: Programme; readonly publisher: Publisher; readonly scope: Scope }
  /** Another producer holds the lease; this one stays off until it is told to go on air anew. */
  | { readonly state: "fenced" };

/** How long chunks that wait for the origin may take when a programme ends, ms. */
const drainMs = 3000;
/** Voices are told at 10 Hz. */
const ticksPerVoices = 5;

/** One Space in this process: its stage, its mixer and its programme, joined by the clock. */
export class SpaceOnStage {
  readonly id: string;
  readonly epoch: EpochMs;
  readonly stage: Stage;
  readonly #options: SpaceOnStageOptions;
  readonly #mixer = new Mixer();
  #ticking: Scope | undefined;
  #onAirFrom: EpochMs | null = null;
  #air: Air = { state: "off" };
  #lag = 0;
  #lost = 0;

  constructor(options: SpaceOnStageOptions) {
    this.id = options.id;
    this.epoch = options.epoch;
    this.#options = options;
    this.stage = new Stage(options.id, { ...options.ports, onPresence: () => this.#followPresence() });
    options.scope.onEnd(() => this.#end());
  }

  /** Makes the Space as control says. */
  apply(spec: StageSpec): void {
    this.stage.apply(spec.people);
    this.#onAirFrom = spec.onAirFrom === null ? null : epochMs(spec.onAirFrom);
    this.#followAir();
  }

  /** Once a second: watches over the sessions and tells how things are. */
  watch(): void {
    this.stage.watch();
    this.#options.announce({
      t: "health",
      space: this.id,
      lagMs: Math.round(this.#lag),
      lost: this.#lost,
      onAir: this.#air.state === "on" && this.#air.programme.onAir && this.stage.present,
      sessions: this.stage.health(),
    });
    this.#lag = 0;
  }

  end(): Promise<void> {
    return this.#options.scope.end();
  }

  /** The way of the sound: everybody's 20 ms, mixed; to each the others, to the audience all. */
  #tick(frameIndex: number): void {
    const frames: Map<string, AudioFrame> = this.stage.pull(frameIndex);
    const mix: Mix = this.#mixer.mix(frames);
    this.stage.send(frameIndex, (participant) => mix.minus(participant));
    if (this.#air.state === "on") this.#air.programme.push(frameIndex, mix.programme, mix.voices);
    if (frameIndex % ticksPerVoices === 0) this.#tellVoices(mix);
    this.#lag = Math.max(this.#lag, between(later(this.epoch, frameIndex * frameMs), this.#options.clock.now()));
  }

  #tellVoices(mix: Mix): void {
    const voices = mix.voices.map(({ id, db, speaking }) => ({ id, db: Math.round(db * 10) / 10, speaking }));
    this.#options.announce({ t: "voices", space: this.id, voices });
  }

  /** With nobody on stage there is no tick, and nothing is published: the origin plays hold audio. */
  #followPresence(): void {
    if (this.stage.present && !this.#ticking && !this.#options.scope.ended) {
      const { clock, metrics, scope } = this.#options;
      this.#ticking = scope.child();
      startTicker({
        clock,
        epoch: this.epoch,
        scope: this.#ticking,
        run: (frameIndex) => this.#tick(frameIndex),
        skipped: (frames) => metrics.ticksSkipped(frames),
      });
    } else if (!this.stage.present && this.#ticking) {
      void this.#ticking.end();
      this.#ticking = undefined;
      this.#options.announce({ t: "voices", space: this.id, voices: [] });
    }
  }

  #followAir(): void {
    const from = this.#onAirFrom;
    if (from === null) void this.#leaveAir();
    else if (this.#air.state === "on") this.#air.programme.setOnAir(from);
    else if (this.#air.state === "off") {
      this.#air = { state: "opening" };
      this.#goOnAir().catch((failure: unknown) => {
        this.#air = { state: "off" };
        this.#options.log.error("programme-not-opened", { space: this.id, reason: reason(failure) });
      });
    }
  }

  async #goOnAir(): Promise<void> {
    const { origin, log, metrics } = this.#options;
    const encoders = await createEncoders();
    if (this.#onAirFrom === null || this.#options.scope.ended) {
      this.#air = { state: "off" };
      for (const encoder of encoders) encoder.close();
      return;
    }
    const scope = this.#options.scope.child();
    const publisher = new Publisher({
      space: this.id,
      link: origin,
      scope,
      log,
      onFenced: () => this.#onFenced(scope),
      onLost: (_, why) => {
        this.#lost++;
        metrics.chunkLost(why);
      },
    });
    const programme = new Programme({
      epoch: this.epoch,
      onAirFrom: this.#onAirFrom,
      sink: publisher,
      encoders,
      missed: (frames, what) => metrics.framesMissed(frames, what),
    });
    scope.onEnd(() => programme.close());
    this.#air = { state: "on", programme, publisher, scope };
    log.info("on-air", { space: this.id, from: this.#onAirFrom });
  }

  /** @param scope of the programme that was fenced: one that is leaving the air is, by the next one's lease */
  #onFenced(scope: Scope): void {
    if (this.#air.state !== "on" || this.#air.scope !== scope) return;
    this.#options.log.error("programme-fenced", { space: this.id });
    this.#air = { state: "fenced" };
    void scope.end();
  }

  async #leaveAir(): Promise<void> {
    const air = this.#air;
    this.#air = air.state === "opening" ? air : { state: "off" };
    if (air.state !== "on") return;
    air.programme.setOnAir(null);
    await air.publisher.drained(drainMs);
    await air.scope.end();
    this.#options.log.info("off-air", { space: this.id });
  }

  async #end(): Promise<void> {
    this.stage.end();
    this.#onAirFrom = null;
    await this.#leaveAir();
  }
}

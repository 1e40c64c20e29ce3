import type { RenditionName } from "../../wire/rendition.ts";
import type { SegmentNumber } from "../../wire/timeline.ts";
import type { Planned } from "./agenda.ts";
import { type Crowd, exponential, type Waiting } from "./crowd.ts";
import type { ListenerWay } from "./contract.ts";
import { Fill } from "./fill.ts";
import { type Followed, Follower } from "./follower.ts";
import { listen, renditionFor } from "./listen.ts";
import type { Doing, Failure, Told } from "./listening.ts";
import { maxFilledSegments } from "./numbered-listener.ts";
import { pauseMs } from "./pauses.ts";
import { Visit } from "./visit.ts";

/** What is tried next. */
type Step = "visit" | "sound" | "herd";

type Stage =
  /** Has the page or the state asked for; at the end (`herd`) for the last time. */
  | { readonly kind: "visiting" | "listening" | "herd"; readonly doing: Doing }
  | { readonly kind: "pausing"; readonly next: Step; readonly until: number }
  /** Waits until a connection may be opened. */
  | { readonly kind: "held"; readonly next: Step }
  | { readonly kind: "away"; readonly until: number }
  | { readonly kind: "gone" };

const gone: Stage = { kind: "gone" };
/** How long somebody waits whom this machine has no port or descriptor for, ms. */
const localPauseMs = 1000;

/** One person from when they come until they are gone for good: opens the page, gets sound, tries again, loses patience, leaves, comes back. */
export class Person implements Told, Followed, Planned, Waiting {
  tick = 0;
  readonly number: number;
  readonly #crowd: Crowd;
  readonly #way: ListenerWay;
  readonly #opensPage: boolean;
  #stage: Stage = gone;
  #mood: "playing" | "waiting" | "elsewhere" = "elsewhere";
  #follower: Follower | undefined;
  #rendition: RenditionName | undefined;
  #fill: Fill | undefined;
  #base: number;
  /** Attempts in a row without sound. */
  #fruitless = 0;
  /** When they came, and what they have not got since. */
  #since = 0;
  #lacks: "answer" | "sound" | "nothing" = "nothing";
  #hasHeard = false;
  #wasHere = false;
  /** What played has ended: a cut, unless the Space is over. */
  #mayBeCut = false;
  #askedAt = 0;
  #reloadAt = Infinity;
  #giveUpAt = Infinity;
  #leaveAt = Infinity;

  constructor(crowd: Crowd, number: number) {
    this.#crowd = crowd;
    this.number = number;
    this.#base = number % crowd.bases.length;
    const { mix, pageShare } = crowd.order.behaviour;
    this.#opensPage = crowd.random() < pageShare;
    const draw = crowd.random() - mix.stream;
    this.#way = draw < 0 ? "stream" : draw < mix.numbered ? "numbered" : "hls";
    crowd.tally.arrived++;
    this.#come();
  }

  get isGone(): boolean {
    return this.#stage.kind === "gone";
  }

  due(now: number): void {
    const stage = this.#stage;
    if (now >= this.#leaveAt) this.#leave(now);
    else if (now >= this.#giveUpAt) this.#giveUp();
    else if (now >= this.#reloadAt) this.#reload(now);
    else if (stage.kind === "away" && now >= stage.until) this.#comeBack();
    else if (stage.kind === "pausing" && now >= stage.until) this.#do(stage.next);
    else if ("doing" in stage && now >= stage.doing.lastAt + stage.doing.limitMs) this.failed({ kind: "timeout" });
    else this.#plan();
  }

  admitted(): boolean {
    if (this.#stage.kind !== "held") return false;
    this.#do(this.#stage.next);
    return true;
  }

  answered(): void {
    if (this.#lacks !== "answer") return;
    this.#lacks = "sound";
    this.#crowd.tally.firstByte.add(performance.now() - this.#since);
  }

  heard(): void {
    if (this.#mood === "playing") return;
    const { tally, order, random } = this.#crowd;
    const now = performance.now();
    this.#tellCut();
    this.#to("playing");
    this.#fruitless = 0;
    this.#reloadAt = this.#giveUpAt = Infinity;
    if (this.#lacks !== "nothing") tally.firstSound.add(now - this.#since);
    this.#lacks = "nothing";
    if (!this.#hasHeard) tally.heard++;
    this.#hasHeard = true;
    if (this.#leaveAt === Infinity) this.#leaveAt = now + exponential(random, order.behaviour.leaveAfter);
    this.#plan();
  }

  finished(n: SegmentNumber): void {
    const available = this.#crowd.facts.availableAt(n);
    if (available === undefined) return;
    this.#crowd.tally.behind.add(Math.max(0, performance.now() - Math.max(available, this.#askedAt)));
  }

  missing(from: SegmentNumber, count: number): boolean {
    const base = this.#crowd.bases[this.#base];
    const rendition = this.#rendition;
    if (this.#way !== "stream" || count > maxFilledSegments || !base || !rendition) return false;
    const { connections, order, tally } = this.#crowd;
    if (connections.open >= order.most) {
      // No fault of the target's.
      tally.heldBack++;
      tally.unchecked += count;
      return true;
    }
    this.#fill?.end();
    this.#fill = new Fill(this.#crowd, base, this.number, { rendition, from, count });
    return true;
  }

  done(): void {
    if (this.#stage.kind === "herd") return this.#go();
    if (this.#crowd.facts.isOver) {
      this.#crowd.tally.left++;
      return this.#go();
    }
    this.#tellCut();
    this.#do("sound");
  }

  failed(failure: Failure): void {
    const { bases, facts, random, tally } = this.#crowd;
    const { kind } = this.#stage;
    const hadSound = this.#mood === "playing";
    this.#stop();
    this.#count(failure, hadSound);
    if (kind === "herd") return this.#go();
    const now = performance.now();
    if (hadSound) this.#losePatience(now);
    const step = kind === "listening" ? "sound" : "visit";
    if (failure.kind === "local") return this.#pause(step, now + localPauseMs);
    const status = failure.kind === "status" ? failure.status : 0;
    this.#fruitless = hadSound ? 0 : this.#fruitless + 1;
    if (bases.length > 1 && (this.#fruitless > 0 || status >= 500)) {
      this.#base = (this.#base + 1) % bases.length;
      tally.moves++;
    }
    const wanted = failure.kind === "status" ? (failure.retryAfter ?? 0) * 1000 : 0;
    const looks = this.#fruitless > 1 || (status >= 400 && status < 500) || facts.isOver;
    this.#pause(looks ? "visit" : step, now + wanted + pauseMs(random, this.#fruitless));
  }

  /** The run is over: stops listening, and asks for the state once more at `at`, if that is given. */
  end(at: number | undefined): void {
    const { kind } = this.#stage;
    this.#drop();
    this.#tellCut();
    if (kind === "gone" || kind === "away" || at === undefined) return this.#go();
    this.#leaveAt = this.#reloadAt = this.#giveUpAt = Infinity;
    this.#lacks = "nothing";
    this.#to("elsewhere");
    this.#pause("herd", at);
  }

  #come(): void {
    this.#since = performance.now();
    this.#lacks = "answer";
    this.#begin();
    this.#losePatience(this.#since);
    this.#do("visit");
  }

  #do(next: Step): void {
    const { connections, order, tally, bases, facts } = this.#crowd;
    const base = bases[this.#base];
    if (base === undefined) return this.#go();
    if (connections.open >= order.most) {
      tally.heldBack++;
      this.#stage = { kind: "held", next };
      this.#crowd.wait(this);
      return this.#plan();
    }
    if (next === "sound") {
      tally.attempts++;
      this.#askedAt = performance.now();
      const rendition = (this.#rendition ??= renditionFor(this.#way, facts));
      this.#follower ??= new Follower(this.#crowd.reference(rendition), this);
      this.#stage = { kind: "listening", doing: listen(this.#way, this.#crowd, this, base, rendition, this.#follower) };
    } else {
      const page = next === "visit" && this.#opensPage && !this.#wasHere;
      const doing = new Visit(this.#crowd, this, base, { page, resumes: this.#wasHere });
      this.#stage = { kind: next === "visit" ? "visiting" : "herd", doing };
    }
    this.#plan();
  }

  /** What it had is no matter any more: it begins anew. */
  #begin(): void {
    this.#follower = this.#rendition = undefined;
    this.#fruitless = 0;
  }

  #pause(next: Step, until: number): void {
    this.#stage = { kind: "pausing", next, until };
    this.#plan();
  }

  /** Somebody without sound: from now on they wait, and not for ever. */
  #losePatience(now: number): void {
    const { random, order } = this.#crowd;
    const { patience, reloadAfter, giveUpAfter } = order.behaviour;
    this.#to("waiting");
    this.#reloadAt = now + patience * 1000 + exponential(random, reloadAfter);
    this.#giveUpAt = now + patience * 1000 + exponential(random, giveUpAfter);
  }

  #reload(now: number): void {
    const { tally, random, order } = this.#crowd;
    tally.reloads++;
    this.#drop();
    this.#tellCut();
    this.#wasHere = true;
    this.#begin();
    const { patience, reloadAfter } = order.behaviour;
    this.#reloadAt = now + patience * 1000 + exponential(random, reloadAfter);
    this.#do("visit");
  }

  #giveUp(): void {
    this.#crowd.tally.gaveUp++;
    this.#tellCut();
    this.#go();
  }

  #leave(now: number): void {
    const { tally, random, order } = this.#crowd;
    const { returnShare, returnAfter } = order.behaviour;
    tally.left++;
    this.#tellCut();
    if (random() >= returnShare) return this.#go();
    this.#drop();
    this.#to("elsewhere");
    this.#leaveAt = this.#reloadAt = this.#giveUpAt = Infinity;
    this.#stage = { kind: "away", until: now + exponential(random, returnAfter) };
    this.#plan();
  }

  #comeBack(): void {
    this.#crowd.tally.returned++;
    this.#wasHere = true;
    this.#come();
  }

  /** Goes for good. */
  #go(): void {
    this.#drop();
    this.#to("elsewhere");
    this.#stage = gone;
    this.#crowd.agenda.forget(this);
    this.#crowd.left(this);
  }

  #stop(): void {
    if ("doing" in this.#stage) this.#stage.doing.close();
  }

  /** Nobody listens any more: what was being fetched is not missing. */
  #drop(): void {
    this.#stop();
    this.#fill?.close();
    this.#fill = undefined;
  }

  #count(failure: Failure, hadSound: boolean): void {
    const { tally } = this.#crowd;
    if (failure.kind === "status") tally.refuse(failure.status);
    else if (failure.kind === "timeout") tally.timeouts++;
    else if (failure.kind === "local") tally.heldBack++;
    else if (hadSound) this.#mayBeCut = true;
    else tally.refusedConnects++;
  }

  /** The Space goes on: what had ended was cut. */
  #tellCut(): void {
    if (this.#mayBeCut) this.#crowd.tally.cut++;
    this.#mayBeCut = false;
  }

  #to(mood: "playing" | "waiting" | "elsewhere"): void {
    const { tally } = this.#crowd;
    if (this.#mood !== "elsewhere") tally[this.#mood]--;
    if (mood !== "elsewhere") tally[mood]++;
    this.#mood = mood;
  }

  /** When something is to be done, at the latest. */
  #plan(): void {
    const stage = this.#stage;
    if (stage.kind === "gone") return;
    const own = "until" in stage ? stage.until : "doing" in stage ? stage.doing.lastAt + stage.doing.limitMs : Infinity;
    const at = Math.min(own, this.#leaveAt, this.#giveUpAt, this.#reloadAt);
    if (at === Infinity) this.#crowd.agenda.forget(this);
    else this.#crowd.agenda.plan(this, at);
  }
}

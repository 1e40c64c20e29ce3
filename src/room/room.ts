import type { EpochMs } from "../foundation/duration.ts";
import type { StagePerson, StageRole } from "../wire/state.ts";
import type { Entry, Notice, RoomMemory } from "./entry.ts";
import {
  type Attending,
  inviteSpent,
  isOnAir,
  isSeated,
  maxMembers,
  maxRemembered,
  type Member,
  notAllowed,
  ownerParticipant,
  removedFromRoom,
  roleOf,
  roomFull,
  type Seated,
  shownName,
  stagePerson,
} from "./member.ts";
import { Places, withAway } from "./places.ts";
import {
  type ActionOnOther,
  type ActionOnSpace,
  defaultLimits,
  isStageRole,
  mayActOn,
  mayDo,
  mayInvite,
  type StageLimits,
} from "./roles.ts";

export interface RoomOptions {
  /** @default `defaultLimits` */
  readonly limits?: StageLimits;
  /** What the room was before a restart; everybody counts as away since `now`. */
  readonly memory?: RoomMemory;
  readonly now: EpochMs;
}

/**
 * Who is in the room of a Space, with which role, and what they do to each other. Every method either makes a change
 * (`revision` grows) or throws a `Problem` and changes nothing.
 */
export class Room {
  readonly #places: Places;
  readonly #removed: Set<string>;
  readonly #spentInvites: Set<string>;

  constructor(options: RoomOptions) {
    this.#places = new Places(options.limits ?? defaultLimits);
    this.#removed = new Set(options.memory?.removed);
    this.#spentInvites = new Set(options.memory?.spentInvites);
    for (const seat of options.memory?.seats ?? []) {
      const away = { media: { kind: "away" }, awaySince: options.now } as const;
      this.#places.put({ place: "stage", ...seat, sockets: 0, ...away });
    }
  }

  get limits(): StageLimits {
    return this.#places.limits;
  }
  /** Grows with every change. */
  get revision(): number {
    return this.#places.revision;
  }
  /** Everybody in the room. */
  get size(): number {
    return this.#places.size;
  }
  /** How many hands are up. */
  get hands(): number {
    return this.#places.hands;
  }
  /** On stage, the host first, then co-hosts, then in the order they came. */
  get seated(): readonly Seated[] {
    return this.#places.seated;
  }
  /** Those with a hand up or an offer, the longest waiting first. */
  get waiting(): readonly Attending[] {
    return this.#places.waiting;
  }
  /** As the audience sees it: those who have been heard. */
  get stage(): readonly StagePerson[] {
    return this.seated.filter((one) => one.media.kind !== "none").map(stagePerson);
  }
  /** Whether anybody on stage can be heard. */
  get occupied(): boolean {
    return this.seated.some(isOnAir);
  }
  /** Whether somebody who may open the Space is on stage and connected. */
  get readyToStart(): boolean {
    return this.seated.some((one) => isOnAir(one) && mayDo(one.role, "start"));
  }
  get memory(): RoomMemory {
    return {
      seats: this.seated
        .filter((one) => one.media.kind !== "recording")
        .map(({ id, name, role, muted, invite }) => ({ id, name, role, muted, invite })),
      removed: [...this.#removed],
      spentInvites: [...this.#spentInvites],
    };
  }

  member(id: string): Member | undefined {
    return this.#places.get(id);
  }

  /** What single members have to be told since the last call. */
  takeNotices(): readonly Notice[] {
    return this.#places.takeNotices();
  }

  /** Throws when somebody was removed. */
  mayReturn(id: string): void {
    if (this.#removed.has(id)) throw removedFromRoom();
  }

  /** Lets somebody in, back to their own place where it is still kept. */
  enter(entry: Entry, now: EpochMs): Member {
    this.mayReturn(entry.id);
    const known = this.#places.get(entry.id);
    const mayTakeSeat = entry.by === "owner" || (entry.by === "invite" && entry.role === "host");
    if (known && !(known.place === "audience" && mayTakeSeat)) return this.#welcomeBack(known, entry);
    if (entry.by === "invite" && this.#isSpent(entry)) throw inviteSpent();
    if (!known && this.size >= maxMembers) throw roomFull();
    const invite = entry.by === "invite" ? entry.invite : null;
    const person = { id: entry.id, name: shownName(entry.name, known?.name), sockets: known?.sockets ?? 0, invite };
    switch (entry.by) {
      case "guest":
      case "participant":
        return this.#places.put({ place: "audience", ...person, handAt: null, offered: null });
      case "owner":
        return this.#places.seat(person, this.#places.hostOrCohost(), { kind: "none" }, now);
      case "invite": {
        const role = entry.role === "host" ? this.#places.hostOrCohost() : entry.role;
        return this.#places.seat(person, role, { kind: "none" }, now);
      }
      case "recording": {
        const role = entry.role === "host" ? this.#places.roleBesideHost() : entry.role;
        return this.#places.seat(person, role, { kind: "recording", recording: entry.recording }, now);
      }
    }
  }

  /** A WebSocket of theirs has opened. */
  connect(id: string): void {
    const member = this.#places.need(id);
    const sockets = member.sockets + 1;
    this.#places.put(isSeated(member) ? { ...member, sockets, awaySince: null } : { ...member, sockets });
  }

  /** A WebSocket of theirs has closed. A place on stage is kept for a while; one in the audience is not. */
  disconnect(id: string, now: EpochMs): void {
    const member = this.#places.get(id);
    if (!member) return;
    const sockets = Math.max(0, member.sockets - 1);
    if (isSeated(member)) this.#places.put(withAway({ ...member, sockets }, now));
    else if (sockets > 0) this.#places.put({ ...member, sockets });
    else this.#places.drop(member);
  }

  /** Their sound has come or gone. */
  heard(id: string, connected: boolean, now: EpochMs): void {
    const member = this.#places.get(id);
    if (!member || !isSeated(member) || member.media.kind === "recording") return;
    if (connected === (member.media.kind === "connected")) return;
    if (!connected && member.media.kind === "none") return;
    this.#places.put(withAway({ ...member, media: { kind: connected ? "connected" : "away" } }, now));
  }

  mute(id: string, muted: boolean): void {
    const member = this.#places.need(id);
    if (!isSeated(member)) throw notAllowed("listener", "mute or unmute a microphone on stage");
    if (member.muted !== muted) this.#places.put({ ...member, muted });
  }

  rename(id: string, name: string): void {
    const member = this.#places.need(id);
    const shown = shownName(name, member.name);
    if (shown !== member.name) this.#places.put({ ...member, name: shown });
  }

  raiseHand(id: string, raised: boolean, now: EpochMs): void {
    const member = this.#places.need(id);
    if (isSeated(member)) throw notAllowed(member.role, "raise a hand: they are on stage already");
    if (raised !== (member.handAt !== null)) this.#places.put({ ...member, handAt: raised ? now : null });
  }

  /** Mutes somebody. Only they themselves can unmute. */
  muteOther(by: string, id: string): void {
    const target = this.#target(by, "mute-other", id);
    if (!isSeated(target) || target.muted) return;
    this.#places.put({ ...target, muted: true });
    this.#places.tell(id, { t: "muted-by", by });
  }

  /** Removes somebody for good; the invite they came with takes nobody in any more. */
  remove(by: string, id: string): void {
    const target = this.#target(by, "remove", id);
    if (id === ownerParticipant) throw notAllowed(roleOf(this.#places.need(by)), "remove the owner of this server");
    remember(this.#removed, id);
    if (target.invite !== null) remember(this.#spentInvites, target.invite);
    this.#places.drop(target);
    this.#places.tell(id, { t: "removed", by });
  }

  /** Promotes, demotes, or asks a listener to the stage, who then steps up or declines. */
  setRole(by: string, id: string, role: "cohost" | "speaker" | "listener"): void {
    const target = this.#places.need(id);
    if (isSeated(target)) this.#moveOnStage(by, target, role);
    else this.#bringUp(by, id, role);
  }

  /** Somebody who was asked to the stage comes, or declines. */
  stepUp(id: string, accept: boolean, now: EpochMs): void {
    const member = this.#places.need(id);
    if (isSeated(member)) return;
    const role = member.offered;
    if (role === null) throw notAllowed("listener", "step up without having been asked");
    if (!accept) {
      this.#places.put({ ...member, offered: null, handAt: null });
      return;
    }
    this.#places.seat(member, role, { kind: "none" }, now);
    this.#places.tell(id, { t: "role", role });
  }

  /** The host gives the host's place away and becomes a co-host, or a speaker where there are enough co-hosts. */
  handOver(by: string, id: string): void {
    const target = this.#target(by, "hand-over", id);
    const host = this.#places.need(by);
    if (!isSeated(target) || !isSeated(host)) return;
    this.#places.assign(target, "host");
    this.#places.assign(host, this.#places.roleAfterHost());
  }

  /** Leaves for good; a seat on stage is free at once. */
  leave(id: string): void {
    const member = this.#places.get(id);
    if (member) this.#places.free(member);
  }

  /** Frees the places of those who were away for too long; a co-host moves up where that was the host. */
  tick(now: EpochMs): void {
    this.#places.freeAbandoned(now);
  }

  /** Throws unless the member may do this for the Space. */
  require(by: string, action: ActionOnSpace, what: string): void {
    if (!mayDo(this.#places.acting(by), action)) throw notAllowed(roleOf(this.#places.need(by)), what);
  }

  requireInvite(by: string, role: StageRole): void {
    if (!mayInvite(this.#places.acting(by), role)) {
      throw notAllowed(roleOf(this.#places.need(by)), `invite a ${role}`);
    }
  }

  #isSpent({ invite, invitedBy }: Extract<Entry, { by: "invite" }>): boolean {
    return this.#spentInvites.has(invite) || (invitedBy !== undefined && this.#removed.has(invitedBy));
  }

  #welcomeBack(known: Member, entry: Entry): Member {
    const name = shownName(entry.name, known.name);
    return name === known.name ? known : this.#places.put({ ...known, name });
  }

  #moveOnStage(by: string, target: Seated, role: "cohost" | "speaker" | "listener"): void {
    if (role === target.role) return;
    const stepsDown = by === target.id && role === "listener" && target.role !== "host";
    if (!stepsDown) {
      this.#target(by, role === "cohost" ? "promote" : "demote", target.id);
      if (target.role === "cohost" && target.invite !== null) remember(this.#spentInvites, target.invite);
    }
    if (role === "listener") {
      this.#places.unseat(target);
      this.#places.tell(target.id, { t: "role", role });
      return;
    }
    if (role === "cohost") this.#places.needCohostPlace();
    this.#places.assign(target, role);
  }

  #bringUp(by: string, id: string, role: "cohost" | "speaker" | "listener"): void {
    const target = this.#target(by, "bring-up", id);
    if (isSeated(target)) return;
    if (!isStageRole(role)) {
      if (target.offered !== null || target.handAt !== null)
        this.#places.put({ ...target, offered: null, handAt: null });
      return;
    }
    this.#places.needPlace();
    if (role === "cohost") {
      if (!mayActOn(this.#places.acting(by), "promote", "speaker")) {
        throw notAllowed(roleOf(this.#places.need(by)), "make somebody a co-host");
      }
      this.#places.needCohostPlace();
    }
    this.#places.put({ ...target, offered: role });
    this.#places.tell(id, { t: "invited", role });
  }

  #target(by: string, action: ActionOnOther, id: string): Member {
    const target = this.#places.need(id);
    if (by === id || !mayActOn(this.#places.acting(by), action, roleOf(target))) {
      const whom = by === id ? "themselves" : `a ${roleOf(target)}`;
      throw notAllowed(roleOf(this.#places.need(by)), `do "${action}" to ${whom}`);
    }
    return target;
  }
}

function remember(set: Set<string>, value: string): void {
  set.add(value);
  for (const oldest of set) {
    if (set.size <= maxRemembered) break;
    set.delete(oldest);
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import { ms } from "../../foundation/duration.ts";
import { Problem } from "../../foundation/errors.ts";
import type { Log } from "../../foundation/log.ts";
import type { Counter, Meter } from "../../foundation/meter.ts";
import type { Scope } from "../../foundation/scope.ts";
import type { Notice } from "../../room/entry.ts";
import type { Invites } from "../../room/invites.ts";
import { isOver, spaceOver } from "../../room/life.ts";
import { isSeated, roleOf, roomPerson } from "../../room/member.ts";
import type { ClientMessage, ServerMessage } from "../../wire/signalling.ts";
import type { StageLine } from "../../wire/stages.ts";
import type { ActiveSpace } from "./active-space.ts";
import type { Director, RoomWatchers } from "./director.ts";
import { entryOf, isGuestId } from "./entries.ts";
import type { StageWatchers } from "./observer.ts";
import type { Price } from "./price/price.ts";
import { RoomSocket, type SocketOwner, type Visitor } from "./room-socket.ts";

/** The most WebSockets at a time, and of one address. */
export const maxSockets = 2000;
export const maxSocketsPerAddress = 100;
/** The share of all WebSockets that guests may have: the rest is for those who have a token, hosts and speakers first. */
const guestShare = 0.9;
/** How long changes are gathered before they are told, and how much longer for each socket that may have to be told. */
const gatherMs = ms(50);
const gatherPerSocketMs = 0.2;
const pingMs = ms(20_000);
/** How long the room of a Space that is over stays to tell so. */
const partingMs = ms(5000);

export interface RoomsOptions {
  readonly director: Director;
  readonly invites: Invites;
  /** Of asking to speak. */
  readonly price: Price;
  readonly scope: Scope;
  readonly log: Log;
  readonly meter: Meter;
  /** @default maxSockets */
  readonly maxSockets?: number | undefined;
}

/** The WebSockets of all rooms: who is connected where, and what each of them is told. */
export class Rooms implements SocketOwner, RoomWatchers, StageWatchers {
  readonly log: Log;
  readonly #director: Director;
  readonly #invites: Invites;
  readonly #price: Price;
  readonly #scope: Scope;
  readonly #sockets = new Set<RoomSocket>();
  readonly #bySpace = new Map<string, Set<RoomSocket>>();
  readonly #byAddress = new Map<string, number>();
  readonly #guests = new Set<RoomSocket>();
  readonly #most: number;
  readonly #changed = new Set<ActiveSpace>();
  readonly #refusals: Counter;
  #flushing = false;

  constructor(options: RoomsOptions) {
    this.log = options.log;
    this.#director = options.director;
    this.#invites = options.invites;
    this.#price = options.price;
    this.#scope = options.scope;
    this.#most = options.maxSockets ?? maxSockets;
    this.#refusals = options.meter.counter("rostra_room_refused_total", "Messages and joins refused, by problem code.");
    const open = options.meter.gauge("rostra_room_sockets", "Open WebSockets of rooms.");
    options.meter.onCollect(() => open.set(this.size));
    options.director.watch(this);
    options.scope.every(pingMs, () => {
      for (const socket of this.#sockets) socket.ping();
    });
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Says goodbye to all; whoever does not answer within `graceMs` is cut off. */
  async end(graceMs = 500): Promise<void> {
    for (const socket of this.#sockets) socket.close(1012, "the server restarts");
    const deadline = performance.now() + graceMs;
    while (this.size > 0 && performance.now() < deadline) await sleep(10);
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Takes a new WebSocket for the room of a Space (id or slug). */
  attach(webSocket: WebSocket, space: string, visitor: Visitor): void {
    const { address } = visitor;
    const socket = new RoomSocket(webSocket, space, visitor, this);
    const ofAddress = (this.#byAddress.get(address) ?? 0) + 1;
    this.#sockets.add(socket);
    this.#byAddress.set(address, ofAddress);
    if (ofAddress > maxSocketsPerAddress) this.#turnAway(socket);
    else if (this.size > this.#most) this.#turnAway(this.#idlest());
  }

  async join(socket: RoomSocket, message: Extract<ClientMessage, { t: "join" }>): Promise<void> {
    const space = await this.#director.need(socket.space);
    const token =
      message.token === undefined
        ? undefined
        : await this.#invites.read(message.token, space.id, space.record.rehearsalOf);
    const entry = entryOf(token, message.name, "page");
    const isGuest = isGuestId(entry.id) && !space.room.seated.some(({ id }) => id === entry.id);
    if (isGuest && this.#guests.size >= Math.floor(this.#most * guestShare)) throw tooManySockets(this.#most);
    const yours = await this.#invites.participant(space.id, entry.id);
    if (socket.state.kind !== "joining") return;
    const member = this.#director.act(space, (room, now) => {
      const entered = room.enter(entry, now);
      room.connect(entry.id);
      return entered;
    });
    const here = this.#bySpace.get(space.id) ?? new Set();
    this.#bySpace.set(space.id, here.add(socket));
    if (isGuest) this.#guests.add(socket);
    socket.send({ t: "welcome", you: entry.id, role: roleOf(member), token: yours, limits: space.room.limits });
    this.roomChanged(space);
    socket.joined(space, entry.id);
  }

  said(space: ActiveSpace, you: string, message: ClientMessage, visitor: Visitor): void | Promise<void> {
    const director = this.#director;
    if (isOver(space.life)) throw spaceOver(space.life);
    switch (message.t) {
      case "join":
        throw new Problem({
          status: 409,
          code: "joined-already",
          title: "You have joined already",
          detail: `This connection is ${you}'s.`,
          action: "Open another connection to join again.",
        });
      case "rename":
        return director.act(space, (room) => room.rename(you, message.name));
      case "mute":
        return director.act(space, (room) => room.mute(you, message.muted));
      case "hand":
        if (message.raised) return this.#raiseHand(space, you, message.price, visitor);
        return director.act(space, (room, now) => room.raiseHand(you, false, now));
      case "mute-other":
        return director.act(space, (room) => room.muteOther(you, message.id));
      case "remove":
        return director.act(space, (room) => room.remove(you, message.id));
      case "set-role":
        return director.act(space, (room) => room.setRole(you, message.id, message.role));
      case "hand-over":
        return director.act(space, (room) => room.handOver(you, message.id));
      case "step-up":
        return director.act(space, (room, now) => room.stepUp(you, message.accept, now));
      case "notice":
        space.room.require(you, "notice", "write the notice for everybody");
        return director.change(space, () => ({ patch: { notice: message.text.trim() } }));
      case "leave":
        director.act(space, (room) => room.leave(you));
        for (const one of this.#of(space, you)) this.#dismiss(space, one, 1000, "left");
    }
  }

  closed(socket: RoomSocket): void {
    if (!this.#sockets.delete(socket)) return;
    const left = (this.#byAddress.get(socket.address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(socket.address, left);
    else this.#byAddress.delete(socket.address);
    if (socket.state.kind !== "joined") return;
    const { space, participant } = socket.state;
    this.#takeOut(space, socket);
    this.#director.act(space, (room, now) => room.disconnect(participant, now));
  }

  refused(code: string): void {
    this.#refusals.add(1, { code });
  }

  roomChanged(space: ActiveSpace): void {
    for (const notice of space.room.takeNotices()) void this.#tell(space, notice);
    if (!this.#bySpace.has(space.id)) return;
    if (isOver(space.life)) this.#part(space);
    this.#changed.add(space);
    if (this.#flushing || this.#scope.ended) return;
    this.#flushing = true;
    setTimeout(
      () => {
        this.#flushing = false;
        for (const one of this.#changed) this.#tellRoom(one);
        this.#changed.clear();
      },
      gatherMs + this.size * gatherPerSocketMs,
    ).unref();
  }

  voices(space: ActiveSpace, voices: Extract<StageLine, { t: "voices" }>["voices"]): void {
    const here = this.#bySpace.get(space.id);
    if (!here) return;
    const speaking = voices.filter((one) => one.speaking).map(({ id, db }) => [id, shownLevel(db)] as const);
    const text = JSON.stringify({ t: "voices", v: speaking } satisfies ServerMessage);
    for (const socket of here) if (roleAt(space, socket) !== "listener") socket.sendText(text);
  }

  health(space: ActiveSpace): void {
    const here = this.#bySpace.get(space.id);
    const { health } = space;
    if (!here || !health) return;
    const { onAir, lagMs, lost, sessions } = health;
    const { delayMs } = space.record;
    const told: ServerMessage = { t: "health", onAir, lagMs, lost, listeners: space.listeners, delayMs, sessions };
    const text = JSON.stringify(told);
    for (const socket of here) {
      const role = roleAt(space, socket);
      if (role === "host" || role === "cohost") socket.sendText(text);
    }
  }

  sessionLost(space: ActiveSpace, participant: string, why: "stage-restarted" | "session-lost"): void {
    const member = space.room.member(participant);
    if (!member || !isSeated(member)) return;
    for (const socket of this.#of(space, participant)) socket.send({ t: "rejoin", why });
  }

  /** A hand that goes up has a price while many are up; one that is up already, or not allowed, has none. */
  #raiseHand(space: ActiveSpace, you: string, payment: string | undefined, visitor: Visitor): void | Promise<void> {
    const raise = (): void => this.#director.act(space, (room, now) => room.raiseHand(you, true, now));
    const member = space.room.member(you);
    if (!member || isSeated(member) || member.handAt !== null) return raise();
    const wish = { act: "hand", space: space.id, waiting: space.room.hands } as const;
    const free = member.invite === null ? visitor.free : () => "invite" as const;
    return this.#price.charge(wish, { address: visitor.address, payment, free })?.then(raise) ?? raise();
  }

  #takeOut(space: ActiveSpace, socket: RoomSocket): void {
    const here = this.#bySpace.get(space.id);
    here?.delete(socket);
    if (here?.size === 0) this.#bySpace.delete(space.id);
    this.#guests.delete(socket);
  }

  /** Whoever has left may be back on another socket before this one is closed; it must not count for them. */
  #dismiss(space: ActiveSpace, socket: RoomSocket, code: number, why: string): void {
    this.#takeOut(space, socket);
    socket.dismiss(code, why);
  }

  /** Who has waited longest without joining gives way, so that silent connections keep nobody out; else the newest. */
  #idlest(): RoomSocket {
    const all = [...this.#sockets];
    return all.find((one) => one.idle) ?? (all.at(-1) as RoomSocket);
  }

  #turnAway(socket: RoomSocket): void {
    socket.refuse(tooManySockets(this.#most));
    socket.close(1013, "too-many-sockets");
  }

  #of(space: ActiveSpace, participant: string): readonly RoomSocket[] {
    const here = this.#bySpace.get(space.id) ?? [];
    return [...here].filter(({ state }) => state.kind === "joined" && state.participant === participant);
  }

  async #tell(space: ActiveSpace, { to, what }: Notice): Promise<void> {
    const sockets = this.#of(space, to);
    if (sockets.length === 0) return;
    const message = what.t === "role" ? { ...what, token: await this.#invites.participant(space.id, to) } : what;
    for (const socket of sockets) {
      socket.send(message);
      if (message.t === "removed") this.#dismiss(space, socket, 4403, "removed");
    }
  }

  /** To those on stage everybody there and all hands; to a listener the stage as the audience sees it, and themselves. */
  #tellRoom(space: ActiveSpace): void {
    const { room, life, record } = space;
    const status = space.status(this.#director.now());
    const about = { t: "room", status, hold: life.kind === "hold", notice: record.notice } as const;
    const head = JSON.stringify(about).slice(0, -1);
    const seated = room.seated.map(roomPerson);
    const whole = `${head},"people":${JSON.stringify([...seated, ...room.waiting.map(roomPerson)])}}`;
    const heard = new Set(room.stage.map(({ id }) => id));
    const stage = JSON.stringify(seated.filter(({ id }) => heard.has(id))).slice(1, -1);
    for (const socket of this.#bySpace.get(space.id) ?? []) {
      const member = socket.state.kind === "joined" ? room.member(socket.state.participant) : undefined;
      if (!member) continue;
      if (isSeated(member)) socket.sendRoom(whole);
      else socket.sendRoom(`${head},"people":[${stage}${stage ? "," : ""}${JSON.stringify(roomPerson(member))}]}`);
    }
  }

  #part(space: ActiveSpace): void {
    const { life } = space;
    if (!isOver(life) || space.parting) return;
    space.parting = true;
    this.#scope.after(partingMs, () => {
      for (const socket of this.#bySpace.get(space.id) ?? []) {
        socket.refuse(spaceOver(life));
        socket.close(4403, "over");
      }
    });
  }
}

const roleAt = (space: ActiveSpace, socket: RoomSocket): string => {
  const member = socket.state.kind === "joined" ? space.room.member(socket.state.participant) : undefined;
  return member ? roleOf(member) : "listener";
};

/** A level 0…9 from dBFS: 0 at −54 dB and below, one step each 6 dB. */
export const shownLevel = (db: number): number => Math.max(0, Math.min(9, Math.round((db + 54) / 6)));

const tooManySockets = (most: number): Problem =>
  new Problem({
    status: 503,
    code: "too-many-sockets",
    title: "Too many are connected to rooms",
    detail: `This server holds ${most} room connections, and ${maxSocketsPerAddress} of one address.`,
    action: "You can go on listening; try again in a minute.",
    retryAfter: 60,
  });

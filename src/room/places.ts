import type { EpochMs } from "../foundation/duration.ts";
import type { StageRole } from "../wire/state.ts";
import type { Notice } from "./entry.ts";
import {
  type Attending,
  cohostsFull,
  handsFull,
  isHere,
  isSeated,
  maxHands,
  type Media,
  type Member,
  memberUnknown,
  placeKept,
  roleOf,
  type Seated,
  stageFull,
} from "./member.ts";
import type { ActingRole, StageLimits } from "./roles.ts";

const order: Record<StageRole, number> = { host: 0, cohost: 1, speaker: 2 };

/** Who is where: the seats on the stage with their limits, the one host's place, and the hands of the audience. */
export class Places {
  readonly limits: StageLimits;
  readonly #members = new Map<string, Member>();
  #notices: Notice[] = [];
  #revision = 0;
  #hands = 0;

  constructor(limits: StageLimits) {
    this.limits = limits;
  }

  get revision(): number {
    return this.#revision;
  }
  get size(): number {
    return this.#members.size;
  }
  get hands(): number {
    return this.#hands;
  }
  get seated(): readonly Seated[] {
    return [...this.#members.values()].filter(isSeated).toSorted((a, b) => order[a.role] - order[b.role]);
  }
  get waiting(): readonly Attending[] {
    return [...this.#members.values()]
      .filter((one) => one.place === "audience")
      .filter((one) => one.handAt !== null || one.offered !== null)
      .toSorted((a, b) => (a.handAt ?? Infinity) - (b.handAt ?? Infinity));
  }

  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  need(id: string): Member {
    const member = this.#members.get(id);
    if (!member) throw memberUnknown(id);
    return member;
  }

  put(member: Member): Member {
    const hands = handOf(member) - handOf(this.#members.get(member.id));
    if (hands > 0 && this.#hands >= maxHands) throw handsFull();
    this.#hands += hands;
    this.#members.set(member.id, member);
    this.#revision++;
    return member;
  }

  drop(member: Member): void {
    this.#hands -= handOf(this.#members.get(member.id));
    this.#members.delete(member.id);
    this.#revision++;
  }

  /** A place on the stage, where there is one. */
  seat(
    person: Pick<Member, "id" | "name" | "invite" | "sockets">,
    role: StageRole,
    media: Media,
    now: EpochMs,
  ): Seated {
    this.needPlace();
    if (role === "cohost") this.needCohostPlace();
    const { id, name, invite, sockets } = person;
    const seat: Seated = { place: "stage", id, name, invite, sockets, role, muted: false, media, awaySince: null };
    return this.put(withAway(seat, now)) as Seated;
  }

  /** From the stage into the audience; without a socket there is nobody to keep there. */
  unseat(member: Seated): void {
    const { id, name, invite, sockets } = member;
    if (sockets === 0) this.drop(member);
    else this.put({ place: "audience", id, name, invite, sockets, handAt: null, offered: null });
  }

  /** Gives somebody on stage another role, and tells them. */
  assign(member: Seated, role: StageRole): void {
    this.put({ ...member, role });
    this.tell(member.id, { t: "role", role });
  }

  tell(to: string, what: Notice["what"]): void {
    this.#notices.push({ to, what });
  }

  takeNotices(): readonly Notice[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  needPlace(): void {
    if (this.seated.length >= this.limits.speakers) throw stageFull(this.limits.speakers);
  }

  needCohostPlace(): void {
    if (this.#cohosts >= this.limits.cohosts) throw cohostsFull(this.limits.cohosts);
  }

  /** With which role somebody acts now: a co-host for the host, while the host is not here. */
  acting(id: string): ActingRole {
    const role = roleOf(this.need(id));
    return role === "cohost" && !this.seated.some((one) => one.role === "host" && isHere(one)) ? "acting-host" : role;
  }

  /**
   * The role for one who has a right to the host's place: a holder who is away or synthetic gives way; beside a holder
   * who is on air it is co-host, or speaker where there are enough co-hosts.
   */
  hostOrCohost(): StageRole {
    const holder = this.seated.find((one) => one.role === "host");
    if (!holder) return "host";
    if (holder.media.kind === "connected") return this.roleAfterHost();
    this.needPlace();
    this.assign(holder, this.roleAfterHost());
    return "host";
  }

  /** The role of a synthetic host: beside one who has the place already, that of a host who has given it away. */
  roleBesideHost(): StageRole {
    return this.seated.some((one) => one.role === "host") ? this.roleAfterHost() : "host";
  }

  /** What a host becomes who gives the place away. */
  roleAfterHost(): "cohost" | "speaker" {
    return this.#cohosts < this.limits.cohosts ? "cohost" : "speaker";
  }

  /** Frees the places of those who were away for too long. */
  freeAbandoned(now: EpochMs): void {
    const abandoned = [...this.#members.values()].filter(
      (one) => isSeated(one) && one.awaySince !== null && now - one.awaySince >= placeKept,
    );
    for (const member of abandoned) this.drop(member);
    this.#follow(abandoned);
  }

  /** Frees one place at once. */
  free(member: Member): void {
    this.drop(member);
    this.#follow([member]);
  }

  /**
   * A co-host moves up where a host has left: one who is here before one who is away, the longest on stage first. Before
   * any host has come a co-host only acts for one: the place is for whoever was invited to it.
   */
  #follow(left: readonly Member[]): void {
    if (!left.some((one) => roleOf(one) === "host")) return;
    const cohosts = this.seated.filter((one) => one.role === "cohost");
    const next = cohosts.find(isHere) ?? cohosts[0];
    if (next) this.assign(next, "host");
  }

  get #cohosts(): number {
    return this.seated.filter((one) => one.role === "cohost").length;
  }
}

const handOf = (member: Member | undefined): number => (member?.place === "audience" && member.handAt !== null ? 1 : 0);

/** The same seat, with the time since when nothing of them is here. */
export const withAway = (member: Seated, now: EpochMs): Seated => ({
  ...member,
  awaySince: isHere(member) ? null : (member.awaySince ?? now),
});

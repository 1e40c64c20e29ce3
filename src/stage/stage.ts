import { randomUUID } from "node:crypto";
import type { AudioFrame } from "../audio/frame.ts";
import type { Clock } from "../foundation/clock.ts";
import { Problem, reason } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";
import type { Answer, Offer, SessionState, StageSpec } from "../wire/stages.ts";
import type { Decoder, JitterCounts } from "./jitter-buffer.ts";
import { readOffer } from "./offer.ts";
import type { PeerDriver } from "./peer.ts";
import { checkedPackets, Recording } from "./recording.ts";
import { type Encoder, Speaker, type SpeakerHealth } from "./speaker.ts";

/** What a stage needs of the world. */
export interface StagePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** The driver for a transport; throws a Problem when there is none. */
  driver(transport: Offer["transport"]): PeerDriver;
  createDecoder(): Promise<Decoder>;
  createEncoder(): Promise<Encoder>;
  /** The packets of a recording, by its name. */
  recording(name: string): Promise<readonly Uint8Array[]>;
  /** Before a session is made; throws a Problem when there is no room. */
  admit(stage: Stage): void;
  /** A participant's session that others should know of has changed. */
  onSession(stage: Stage, session: SessionLine): void;
  /** Somebody came to be heard, or the last one left. */
  onPresence(stage: Stage): void;
  /** What happened to a session's packets since it was last told: each second and at its end. */
  onCounts(counts: Readonly<JitterCounts>): void;
}

export interface SessionLine {
  readonly participant: string;
  readonly session: string;
  readonly state: SessionState;
}

interface Person {
  muted: boolean;
  /** The session that is heard. */
  current: Speaker | undefined;
  /** A newer one that takes its place once it is connected. */
  incoming: Speaker | undefined;
  recording: { readonly name: string; player: Recording | undefined } | undefined;
}

/**
 * The stage of one Space: who may be on it, their sessions and recordings, and their sound each tick. Mute is enforced
 * here: a muted participant gives no frame, whatever their client sends.
 */
export class Stage {
  readonly space: string;
  readonly #ports: StagePorts;
  readonly #people = new Map<string, Person>();
  #present = false;
  #ended = false;

  constructor(space: string, ports: StagePorts) {
    this.space = space;
    this.#ports = ports;
  }

  /** Whether anybody could be heard: a connected session or a recording. */
  get present(): boolean {
    return this.#present;
  }

  /** Makes the stage as control says: who is not in `people` loses their session. */
  apply(people: StageSpec["people"]): void {
    const named = new Set(people.map((person) => person.id));
    for (const [id, person] of this.#people) if (!named.has(id)) this.#remove(id, person);
    for (const { id, muted, recording } of people) {
      const person = this.#people.get(id) ?? { muted, current: undefined, incoming: undefined, recording: undefined };
      this.#people.set(id, person);
      person.muted = muted;
      if (person.recording?.name !== recording) this.#setRecording(person, recording);
    }
    this.#updatePresence();
  }

  /** Answers an offer of a participant. A second session of the same one takes over when it is connected. */
  async open(offer: Offer): Promise<Answer> {
    const person = this.#people.get(offer.participant);
    if (!person) throw notOnStage(this.space, offer.participant);
    const facts = readOffer(offer.sdp);
    this.#ports.admit(this);
    const driver = this.#ports.driver(offer.transport);
    const [decoder, encoder] = await Promise.all([this.#ports.createDecoder(), this.#ports.createEncoder()]);
    const speaker = new Speaker({
      participant: offer.participant,
      session: randomUUID(),
      clock: this.#ports.clock,
      decoder,
      encoder,
      sends: facts.sends,
      receives: facts.receives,
      onState: (one) => this.#onState(person, one),
    });
    // Somebody may have been removed while the codecs were made.
    if (this.#people.get(offer.participant) !== person) {
      speaker.end("removed");
      throw notOnStage(this.space, offer.participant);
    }
    this.#seat(person, speaker);
    try {
      const peer = await driver.answer(facts, speaker.events);
      speaker.attach(peer);
      return { session: speaker.session, sdp: peer.answer };
    } catch (failure) {
      speaker.end("failed");
      throw failure;
    }
  }

  /** Ends a session; false when there is none. */
  close(session: string): boolean {
    for (const speaker of this.#speakers()) {
      if (speaker.session !== session) continue;
      speaker.end("left");
      return true;
    }
    return false;
  }

  /** The sound of everybody who is heard in this tick. */
  pull(frameIndex: number): Map<string, AudioFrame> {
    const frames = new Map<string, AudioFrame>();
    for (const [id, person] of this.#people) {
      if (person.muted) {
        person.current?.discard();
        continue;
      }
      const frame = person.recording ? person.recording.player?.pull(frameIndex) : person.current?.pull();
      if (frame) frames.set(id, frame);
    }
    return frames;
  }

  /** Gives everybody who listens on stage what they hear. */
  send(frameIndex: number, heardBy: (participant: string) => AudioFrame): void {
    for (const [id, { current }] of this.#people) {
      if (current?.state.is === "connected") current.send(frameIndex, heardBy(id));
    }
  }

  /** Once a second: ends what is silent or never connected. */
  watch(): void {
    for (const speaker of this.#speakers()) {
      this.#ports.onCounts(speaker.takeCounts());
      speaker.watch();
    }
  }

  /** The sessions others should know of. */
  sessions(): SessionLine[] {
    return [...this.#people.values()].flatMap(({ current }) => (current ? [line(current)] : []));
  }

  health(): ({ readonly participant: string } & SpeakerHealth)[] {
    return [...this.#people.values()].flatMap(({ current }) =>
      current ? [{ participant: current.participant, ...current.health }] : [],
    );
  }

  /** How many sessions there are, connecting ones among them. */
  occupancy(): { readonly all: number; readonly connecting: number } {
    const all = this.#speakers();
    return { all: all.length, connecting: all.filter((one) => one.state.is === "connecting").length };
  }

  /** Ends every session; safe twice. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const [id, person] of this.#people) this.#remove(id, person);
    this.#updatePresence();
  }

  #speakers(): Speaker[] {
    return [...this.#people.values()].flatMap(({ current, incoming }) =>
      [current, incoming].filter((one) => one !== undefined),
    );
  }

  #seat(person: Person, speaker: Speaker): void {
    if (person.current?.state.is === "connected") {
      const before = person.incoming;
      person.incoming = speaker;
      before?.end("replaced");
      return;
    }
    const { current, incoming } = person;
    person.current = speaker;
    person.incoming = undefined;
    current?.end("replaced");
    incoming?.end("replaced");
    this.#ports.onSession(this, line(speaker));
  }

  #onState(person: Person, speaker: Speaker): void {
    const { participant, session, state } = speaker;
    const gone = state.is === "gone";
    if (state.is === "gone") {
      this.#ports.onCounts(speaker.takeCounts());
      this.#ports.log.info("session-gone", { space: this.space, participant, session, why: state.why });
    }
    if (speaker === person.incoming) {
      if (gone) person.incoming = undefined;
      else if (speaker.state.is === "connected") this.#takeOver(person, speaker);
      return;
    }
    if (speaker === person.current && gone) {
      person.current = person.incoming;
      person.incoming = undefined;
      if (person.current) this.#ports.onSession(this, line(person.current));
    }
    this.#ports.onSession(this, line(speaker));
    this.#updatePresence();
  }

  #takeOver(person: Person, speaker: Speaker): void {
    const before = person.current;
    person.current = speaker;
    person.incoming = undefined;
    this.#ports.onSession(this, line(speaker));
    before?.end("replaced");
    this.#updatePresence();
  }

  #remove(id: string, person: Person): void {
    this.#people.delete(id);
    this.#setRecording(person, undefined);
    person.incoming?.end("removed");
    person.current?.end(this.#ended ? "ended" : "removed");
  }

  #setRecording(person: Person, name: string | undefined): void {
    person.recording?.player?.free();
    person.recording = name === undefined ? undefined : { name, player: undefined };
    if (person.recording) void this.#load(person.recording);
  }

  async #load(recording: NonNullable<Person["recording"]>): Promise<void> {
    const here = (): boolean => [...this.#people.values()].some((person) => person.recording === recording);
    try {
      const packets = checkedPackets(await this.#ports.recording(recording.name));
      const player = new Recording(packets, await this.#ports.createDecoder());
      if (here()) recording.player = player;
      else player.free();
      this.#updatePresence();
    } catch (failure) {
      this.#ports.log.error("recording-unusable", { recording: recording.name, reason: reason(failure) });
    }
  }

  #updatePresence(): void {
    const present = [...this.#people.values()].some(
      (person) => person.recording?.player !== undefined || person.current?.state.is === "connected",
    );
    if (present === this.#present) return;
    this.#present = present;
    this.#ports.onPresence(this);
  }
}

const line = (speaker: Speaker): SessionLine => ({
  participant: speaker.participant,
  session: speaker.session,
  state: speaker.sessionState,
});

const notOnStage = (space: string, participant: string): Problem =>
  new Problem({
    status: 403,
    code: "not-on-stage",
    title: "This participant has no place on the stage",
    detail: `${participant} is not among the people of ${space}.`,
    action: "Come up to the stage first, with an invite or when the host asks you.",
  });

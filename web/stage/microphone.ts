import { type Readable, Store } from "./store.ts";

/** Why nothing, or nothing yet, comes from a microphone; or the one that is open. */
export type MicrophoneState =
  | { readonly kind: "off" }
  /** The browser is asking the person. */
  | { readonly kind: "asking" }
  | {
      readonly kind: "open";
      readonly track: MediaStreamTrack;
      readonly deviceId: string;
      readonly label: string;
      /** Who keeps it silent: nobody, the person (or a host), or the system (a key on the headset, another app). */
      readonly muted: "no" | "self" | "system";
    }
  /** The person or a policy said no. */
  | { readonly kind: "refused" }
  /** There is no microphone. */
  | { readonly kind: "missing" }
  /** It is there, but the system does not hand it out: another app has it. */
  | { readonly kind: "busy" }
  /** It was open and is gone. */
  | { readonly kind: "unplugged"; readonly label: string }
  /** This page may not use microphones at all: it is not served over HTTPS. */
  | { readonly kind: "unsupported" };

export interface Device {
  readonly id: string;
  /** Empty until the person has allowed a microphone. */
  readonly label: string;
}

export interface Devices {
  readonly microphones: readonly Device[];
  readonly outputs: readonly Device[];
}

/** Speech of one person in a room, from their own device: mono, with the browser's cleaning on. */
const wanted = (deviceId: string | undefined): MediaTrackConstraints => ({
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
  ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
});

export type MediaDevicesPort = Pick<
  MediaDevices,
  "getUserMedia" | "enumerateDevices" | "addEventListener" | "removeEventListener"
>;

/** The person's microphone: opened, changed, muted; it tells when the device goes. */
export class Microphone {
  readonly #media: MediaDevicesPort | undefined;
  readonly #state = new Store<MicrophoneState>({ kind: "off" });
  readonly #devices = new Store<Devices>({ microphones: [], outputs: [] });
  readonly #onDevices = (): void => void this.#list();
  #muted = false;
  /** Counts openings: of two at once the later one wins. */
  #opening = 0;

  constructor(media: MediaDevicesPort | undefined = navigator.mediaDevices) {
    this.#media = media;
    if (!media?.getUserMedia) this.#state.set({ kind: "unsupported" });
    else media.addEventListener("devicechange", this.#onDevices);
  }

  get state(): Readable<MicrophoneState> {
    return this.#state;
  }

  get devices(): Readable<Devices> {
    return this.#devices;
  }

  /** Opens a microphone (the system's choice without an id) and closes the one before only once the new one is there. */
  async open(deviceId?: string): Promise<void> {
    const media = this.#media;
    if (!media?.getUserMedia) return;
    const opening = ++this.#opening;
    const before = this.#state.get();
    if (before.kind !== "open") this.#state.set({ kind: "asking" });
    try {
      const stream = await media.getUserMedia({ audio: wanted(deviceId), video: false });
      const track = stream.getAudioTracks()[0];
      if (opening !== this.#opening || !track) {
        for (const one of stream.getTracks()) one.stop();
        return;
      }
      if (before.kind === "open") before.track.stop();
      this.#adopt(track, deviceId);
      await this.#list();
    } catch (failure) {
      if (opening !== this.#opening) return;
      if (before.kind === "open") before.track.stop();
      this.#state.set({ kind: whyNot(failure) });
      await this.#list();
    }
  }

  /** Silences the track itself, so that nothing leaves the device whatever the network does. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    const state = this.#state.get();
    if (state.kind !== "open") return;
    state.track.enabled = !muted;
    this.#state.set({ ...state, muted: this.#silencer(state.track) });
  }

  /** Closes the microphone and stops looking for devices. */
  end(): void {
    this.#opening++;
    const state = this.#state.get();
    if (state.kind === "open") state.track.stop();
    if (state.kind !== "unsupported") this.#state.set({ kind: "off" });
    this.#media?.removeEventListener("devicechange", this.#onDevices);
  }

  #adopt(track: MediaStreamTrack, asked: string | undefined): void {
    track.enabled = !this.#muted;
    const deviceId = track.getSettings?.().deviceId ?? asked ?? "";
    this.#state.set({ kind: "open", track, deviceId, label: track.label, muted: this.#silencer(track) });
    const isCurrent = (): boolean => {
      const state = this.#state.get();
      return state.kind === "open" && state.track === track;
    };
    track.addEventListener("ended", () => {
      if (isCurrent()) this.#lost(track);
    });
    const onSilence = (): void => {
      const state = this.#state.get();
      if (state.kind === "open" && state.track === track) this.#state.set({ ...state, muted: this.#silencer(track) });
    };
    track.addEventListener("mute", onSilence);
    track.addEventListener("unmute", onSilence);
  }

  #silencer(track: MediaStreamTrack): "no" | "self" | "system" {
    if (this.#muted) return "self";
    return track.muted ? "system" : "no";
  }

  #lost(track: MediaStreamTrack): void {
    track.stop();
    this.#state.set({ kind: "unplugged", label: track.label });
    void this.#list();
  }

  async #list(): Promise<void> {
    const all = await this.#media?.enumerateDevices().catch(() => undefined);
    if (!all) return;
    const of = (kind: MediaDeviceKind): Device[] =>
      all.filter((one) => one.kind === kind).map((one) => ({ id: one.deviceId, label: one.label }));
    const devices = { microphones: of("audioinput"), outputs: of("audiooutput") };
    this.#devices.set(devices);
    const state = this.#state.get();
    if (state.kind !== "open" || state.deviceId === "") return;
    // Some browsers keep a dead track "live": the list is what tells that the device is gone.
    const isKnown = devices.microphones.some((one) => one.id !== "");
    if (isKnown && !devices.microphones.some((one) => one.id === state.deviceId)) this.#lost(state.track);
  }
}

function whyNot(failure: unknown): "refused" | "missing" | "busy" {
  const name = failure instanceof Error || failure instanceof DOMException ? failure.name : "";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "refused";
}

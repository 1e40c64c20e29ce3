import { type Readable, Store } from "./store.ts";

/** Where the person hears the others: one media element, so that the system's echo cancellation knows of it. */
export class SoundOutput {
  readonly #element = new Audio();
  readonly #deviceId = new Store("");

  constructor() {
    this.#element.autoplay = true;
  }

  /** The chosen output; empty for the system's choice. */
  get deviceId(): Readable<string> {
    return this.#deviceId;
  }

  get canChoose(): boolean {
    return "setSinkId" in this.#element;
  }

  async choose(deviceId: string): Promise<void> {
    if (!this.canChoose) return;
    await this.#element.setSinkId(deviceId).then(
      () => this.#deviceId.set(deviceId),
      () => {
        /* the device went meanwhile: the one before stays */
      },
    );
  }

  /** Plays a stream, or nothing. */
  play(stream: MediaStream | undefined): void {
    if (this.#element.srcObject === (stream ?? null)) return;
    this.#element.srcObject = stream ?? null;
    if (stream) void this.#element.play().catch(() => {});
  }

  /** Two soft notes through the chosen output, half a second. */
  async test(): Promise<void> {
    const context = new AudioContext();
    const end = context.createMediaStreamDestination();
    const gain = new GainNode(context, { gain: 0 });
    gain.connect(end);
    const start = context.currentTime + 0.05;
    for (const [i, frequency] of [440, 660].entries()) {
      const note = new OscillatorNode(context, { frequency });
      note.connect(gain);
      note.start(start + i * 0.25);
      note.stop(start + i * 0.25 + 0.25);
    }
    gain.gain.linearRampToValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.15, start + 0.03);
    gain.gain.setValueAtTime(0.15, start + 0.45);
    gain.gain.linearRampToValueAtTime(0, start + 0.5);
    const element = new Audio();
    element.srcObject = end.stream;
    if (this.canChoose && this.#deviceId.get()) await element.setSinkId(this.#deviceId.get()).catch(() => {});
    await element.play().catch(() => {});
    setTimeout(() => void context.close().catch(() => {}), 900);
  }

  end(): void {
    this.play(undefined);
  }
}

import { readFile } from "node:fs/promises";
import { readOggOpus } from "../../audio/ogg.ts";

/** The recordings of synthetic speakers in a folder, each read once. */
export class VoiceRecordings {
  readonly #folder: URL;
  readonly #read = new Map<string, Promise<readonly Uint8Array[]>>();

  /** @param folder ends in a slash */
  constructor(folder: URL) {
    this.#folder = folder;
  }

  /** The packets of `<name>.opus`; one that cannot be read is tried again the next time. */
  packets(name: string): Promise<readonly Uint8Array[]> {
    let reading = this.#read.get(name);
    if (!reading) {
      reading = readFile(new URL(`${name}.opus`, this.#folder)).then((bytes) => readOggOpus(bytes).packets);
      reading.catch(() => this.#read.delete(name));
      this.#read.set(name, reading);
    }
    return reading;
  }
}

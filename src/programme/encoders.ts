import type { Encoder } from "./encoder.ts";

/** The encoders of every rendition; loaded only now, since they bring 12 MB of WebAssembly with them. */
export async function createEncoders(): Promise<readonly Encoder[]> {
  const [{ createOpusEncoder }, { createAacEncoder }] = await Promise.all([
    import("./encoder.opus.ts"),
    import("./encoder.aac.ts"),
  ]);
  return Promise.all([createOpusEncoder("opus-32k"), createOpusEncoder("opus-16k"), createAacEncoder("aac-64k")]);
}

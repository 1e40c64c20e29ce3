import { type OpusEncoderHandle, Application, createEncoder } from "libopus-wasm";
import { silentFrame } from "../audio/frame.ts";
import { renditionFacts } from "../wire/rendition.ts";
import { type Encoder, encoderDelay } from "./encoder.ts";

/**
 * From 7 on libopus listens to what it encodes and chooses between its speech and its music coder; below, the application
 * alone decides, and speech at 32 kbit/s or music at 16 is coded by the wrong one. 9 and 10 cost a third more for little
 * (figures: docs/rules/programme.md).
 */
const complexity = 7;
/** Silence before the first packet: 200 ms, after which the encoder's state has settled. */
const primingFrames = 10;

/** Opus, mono, 20 ms, variable bit rate held to the mean over short times. No in-band FEC: HTTP loses nothing. */
export async function createOpusEncoder(rendition: "opus-32k" | "opus-16k"): Promise<Encoder> {
  const handle: OpusEncoderHandle = await createEncoder({
    channels: 1,
    sampleRate: 48_000,
    application: Application.Audio,
    bitrate: renditionFacts[rendition].bitrate,
    complexity,
    vbr: true,
    vbrConstraint: true,
  });
  if (handle.getLookahead() !== encoderDelay) {
    throw new Error(
      `libopus looks ${handle.getLookahead()} samples ahead; the other encoders are set to ${encoderDelay}`,
    );
  }
  let open = true;
  return {
    rendition,
    restart: () => {
      for (let i = 0; i < primingFrames; i++) handle.encodeFloat(silentFrame);
    },
    encode: (frame) => [handle.encodeFloat(frame)],
    close: () => {
      if (open) handle.free();
      open = false;
    },
  };
}

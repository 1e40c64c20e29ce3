import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { frameSamples } from "../audio/frame.ts";
import { renditionFacts } from "../wire/rendition.ts";
import { type Encoder, encoderDelay } from "./encoder.ts";

/** What is exported by the WebAssembly build of FFmpeg's AAC encoder in @mediabunny/aac-encoder (see NOTICE). */
interface AacModule {
  readonly HEAPU8: Uint8Array;
  _init_encoder(channels: number, sampleRate: number, bitrate: number): number;
  _get_encoder_frame_size(encoder: number): number;
  _get_encode_input_ptr(encoder: number, bytes: number): number;
  _send_frame(encoder: number, pts: bigint): number;
  /** The size of the next packet, 0 when more input is needed, negative on failure. */
  _receive_packet(encoder: number): number;
  _get_encoded_data(encoder: number): number;
  _get_encoded_pts(encoder: number): bigint;
  _close_encoder(encoder: number): void;
}

let loading: Promise<AacModule> | undefined;

/**
 * The package's public way in needs all of mediabunny (26 MB of memory) and a worker thread for each encoder (26 MB more
 * for each Space). Its WebAssembly module is loaded here directly instead, once for all encoders: 24 MB, and 1 MB for each
 * Space. The file is written for CommonJS but uses `import.meta`, which only a module may; it gets the two lines that
 * make it one. The package's version is pinned.
 */
async function loadModule(): Promise<AacModule> {
  const url = new URL("../modules/build/aac.js", import.meta.resolve("@mediabunny/aac-encoder")).href;
  const hooks = registerHooks({
    load: (asked, context, next) => {
      if (asked !== url) return next(asked, context);
      const source = `const exports = {};\n${readFileSync(new URL(url), "utf8")}\nexport default exports.default;`;
      return { format: "module", source, shortCircuit: true };
    },
  });
  try {
    const { default: instantiate } = (await import(url)) as { readonly default: () => Promise<AacModule> };
    return await instantiate();
  } finally {
    hooks.deregister();
  }
}

const packetSamples = 1024;
/** Packets of silence before the first that counts. */
const primingPackets = 4;

/**
 * AAC-LC, mono. A packet of AAC decodes to the second half of what it saw, so the encoder's first packet, which it dates
 * before its input, is dropped with those of the silence it starts on: packet k decodes to samples 1024·k and on. It
 * looks two packets ahead and returns a packet 36 ms after Opus would.
 */
export async function createAacEncoder(rendition: "aac-64k"): Promise<Encoder> {
  loading ??= loadModule();
  const module = await loading.catch((failure: unknown) => {
    loading = undefined;
    throw failure;
  });
  const input = new Float32Array(packetSamples);
  let encoder = 0;
  let filled = 0;
  let pts = 0;

  const open = (): void => {
    encoder = module._init_encoder(1, 48_000, renditionFacts[rendition].bitrate);
    if (encoder === 0 || module._get_encoder_frame_size(encoder) !== packetSamples) {
      throw new Error("The AAC encoder cannot be started");
    }
    filled = 0;
    pts = -primingPackets * packetSamples;
    input.fill(0);
    for (let i = 0; i < primingPackets; i++) send();
    filled = encoderDelay;
  };
  const close = (): void => {
    if (encoder !== 0) module._close_encoder(encoder);
    encoder = 0;
  };
  const send = (): Uint8Array[] => {
    const at = module._get_encode_input_ptr(encoder, input.byteLength);
    if (at === 0) throw new Error("The AAC encoder has no memory for its input");
    module.HEAPU8.set(new Uint8Array(input.buffer), at);
    const failed = module._send_frame(encoder, BigInt(pts));
    if (failed < 0) throw new Error(`The AAC encoder refuses a frame with error ${failed}`);
    pts += packetSamples;
    const packets: Uint8Array[] = [];
    for (;;) {
      const size = module._receive_packet(encoder);
      if (size < 0) throw new Error(`The AAC encoder fails with error ${size}`);
      if (size === 0) return packets;
      const data = module._get_encoded_data(encoder);
      if (module._get_encoded_pts(encoder) >= 0n) packets.push(module.HEAPU8.slice(data, data + size));
    }
  };

  open();
  return {
    rendition,
    restart: () => {
      close();
      open();
    },
    encode: (frame) => {
      const packets: Uint8Array[] = [];
      for (let taken = 0; taken < frameSamples;) {
        const part = frame.subarray(taken, taken + packetSamples - filled);
        input.set(part, filled);
        taken += part.length;
        filled += part.length;
        if (filled < packetSamples) break;
        packets.push(...send());
        filled = 0;
      }
      return packets;
    },
    close,
  };
}

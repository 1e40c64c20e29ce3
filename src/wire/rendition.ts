/** The encodings every Space is published in. */
export const renditionNames = ["opus-32k", "opus-16k", "aac-64k"] as const;
export type RenditionName = (typeof renditionNames)[number];

export interface RenditionFacts {
  readonly name: RenditionName;
  readonly codec: "opus" | "aac";
  /** RFC 6381 codecs parameter, as Media Source and HLS want it. */
  readonly codecs: string;
  /** Bits per second of the encoder. */
  readonly bitrate: number;
}

export const renditionFacts: Readonly<Record<RenditionName, RenditionFacts>> = {
  "opus-32k": { name: "opus-32k", codec: "opus", codecs: "opus", bitrate: 32_000 },
  "opus-16k": { name: "opus-16k", codec: "opus", codecs: "opus", bitrate: 16_000 },
  "aac-64k": { name: "aac-64k", codec: "aac", codecs: "mp4a.40.2", bitrate: 64_000 },
};

export const isRendition = (name: string): name is RenditionName => Object.hasOwn(renditionFacts, name);

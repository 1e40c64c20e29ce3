/**
 * 20 ms of mono PCM at 48 kHz: 960 samples, nominal range −1…1. Whoever receives one does not write into it, and copies it to
 * keep it: makers of frames use them again.
 */
export type AudioFrame = Float32Array;

export const frameSamples = 960;

export const silentFrame: AudioFrame = new Float32Array(frameSamples);

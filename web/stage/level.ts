/** Listens to a microphone and tells how loud it is. */
export interface LevelReader {
  /** The loudest of the last moment, 0 (silence) … 1 (full scale), on a scale even to the ear. */
  read(): number;
  /** Safe to call twice. */
  end(): void;
}

/** The quietest that a meter shows, dBFS. */
const floorDb = -60;

/** A peak amplitude 0…1 as a place on a meter 0…1, even in decibels. */
export function meterPlace(peak: number): number {
  if (peak <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(peak)) / floorDb));
}

export function readLevel(track: MediaStreamTrack): LevelReader {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(context, { fftSize: 1024, smoothingTimeConstant: 0 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let held = 0;
  let ended = false;
  void context.resume().catch(() => {});
  return {
    read() {
      analyser.getFloatTimeDomainData(samples);
      let peak = 0;
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
      // Falls slowly, so that the eye can follow.
      held = Math.max(meterPlace(peak), held * 0.9);
      return held;
    },
    end() {
      if (ended) return;
      ended = true;
      source.disconnect();
      void context.close().catch(() => {});
    },
  };
}

/** A track that is sent in place of a microphone that is gone. */
export interface Silence {
  readonly track: MediaStreamTrack;
  /** Safe to call twice. */
  end(): void;
}

/** Silence of an audio context: packets go on, so that the stage keeps the session and goes on sending the others. */
export function openSilence(): Silence {
  const context = new AudioContext({ sampleRate: 48_000 });
  const destination = context.createMediaStreamDestination();
  // Without a source the graph does not run, and nothing is sent.
  const source = new ConstantSourceNode(context, { offset: 0 });
  source.connect(destination);
  source.start();
  const [track] = destination.stream.getAudioTracks();
  if (!track) throw new Error("an audio context's stream has no track");
  void context.resume().catch(() => {});
  return {
    track,
    end() {
      track.stop();
      if (context.state !== "closed") void context.close().catch(() => {});
    },
  };
}

import { type JSX, render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ReplayMarks } from "../../src/wire/marks.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { t, type Words } from "../i18n/catalogue.ts";
import { hueOf } from "../ui/person.ts";
import { Button } from "../ui/button.tsx";
import { clockText } from "../ui/clock.ts";
import { Elapsed, Time } from "../ui/time.tsx";
import { Glyph } from "./glyph.tsx";
import { nextOf, speakersAt, spokenMs } from "./replay-marks.ts";
import { part } from "./part.ts";
import styles from "./replay.css?url";

const speeds = [1, 1.25, 1.5, 2] as const;
const back = 15;
const ahead = 30;

/** Marks of one row, as wide as the replay: a rectangle for each stretch of speech. */
const Strip = ({ marks, durationMs }: { readonly marks: ReplayMarks; readonly durationMs: number }): JSX.Element => (
  <svg class="marks" viewBox={`0 0 ${durationMs} 10`} preserveAspectRatio="none" aria-hidden="true">
    {marks.spoke.map(([person, from, to]) => (
      <rect
        key={`${person}-${from}`}
        x={from}
        width={Math.max(to - from, durationMs / 500)}
        height="10"
        style={{ "--hue": hueOf(marks.people[person]?.id ?? "") }}
      />
    ))}
  </svg>
);

function Voices({
  marks,
  atMs,
  seek,
}: {
  readonly marks: ReplayMarks;
  readonly atMs: number;
  readonly seek: (ms: number) => void;
}): JSX.Element {
  const now = speakersAt(marks, atMs);
  const spoken = spokenMs(marks);
  return (
    <section aria-labelledby="voices">
      <h2 id="voices">{t("replay.voices")}</h2>
      <ul class="voices">
        {marks.people.map(({ id, name }, person) => {
          const next = nextOf(marks, person, atMs);
          return next === undefined ? null : (
            <li key={id}>
              <button
                type="button"
                class={now.has(person) ? "speaking" : undefined}
                style={{ "--hue": hueOf(id) }}
                onClick={() => seek(next)}
              >
                <span dir="auto">{name}</span> <Elapsed ms={spoken[person] ?? 0} />
                <span class="unseen">{t("replay.jump", { name })}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface Playback {
  readonly playing: boolean;
  readonly at: number;
  readonly duration: number;
}

function Deck({ live, marks }: { readonly live: LiveState; readonly marks: ReplayMarks | undefined }): JSX.Element {
  const ref = useRef<HTMLAudioElement>(null);
  const [{ playing, at, duration }, setPlayback] = useState<Playback>({ playing: false, at: 0, duration: 0 });
  const [speed, setSpeed] = useState<number>(1);
  const [broken, setBroken] = useState(false);
  const length = duration || (marks?.durationMs ?? 0) / 1000;
  const base = `/replay/${live.id}`;

  const look = (): void => {
    const audio = ref.current;
    if (!audio) return;
    const known = Number.isFinite(audio.duration) ? audio.duration : 0;
    setPlayback({ playing: !audio.paused, at: audio.currentTime, duration: known });
  };
  const seek = (to: number): void => {
    const audio = ref.current;
    if (!audio) return;
    audio.currentTime = Math.max(0, length ? Math.min(to, length) : to);
    look();
  };
  const toggle = (): void => {
    const audio = ref.current;
    if (!audio) return;
    if (audio.paused) audio.play().catch(() => setBroken(audio.error !== null));
    else audio.pause();
  };

  useEffect(() => {
    const { mediaSession } = navigator;
    if (!mediaSession) return;
    mediaSession.metadata = new MediaMetadata({ title: live.title, album: "Rostra" });
    mediaSession.setActionHandler("seekbackward", () => seek((ref.current?.currentTime ?? 0) - back));
    mediaSession.setActionHandler("seekforward", () => seek((ref.current?.currentTime ?? 0) + ahead));
  }, [live.title]);

  const speak = (): void => {
    const next = speeds[(speeds.indexOf(speed as 1) + 1) % speeds.length] ?? 1;
    if (ref.current) ref.current.playbackRate = next;
    setSpeed(next);
  };

  return (
    <>
      <audio
        ref={ref}
        preload="metadata"
        onTimeUpdate={look}
        onPlay={look}
        onPause={look}
        onDurationChange={look}
        onEnded={look}
      >
        <source src={`${base}/audio.m4a`} type="audio/mp4" />
        <source src={`${base}/index.m3u8`} type="application/vnd.apple.mpegurl" onError={() => setBroken(true)} />
      </audio>
      <section class="deck" aria-label={t("replay.player")}>
        {marks && length ? <Strip marks={marks} durationMs={length * 1000} /> : null}
        <input
          type="range"
          aria-label={t("replay.position")}
          aria-valuetext={t("replay.positionText", { at: clockText(at * 1000), of: clockText(length * 1000) })}
          min="0"
          max={length || 1}
          step="1"
          value={at}
          onInput={(event) => seek(event.currentTarget.valueAsNumber)}
        />
        <p class="times">
          <Elapsed ms={at * 1000} />
          <Elapsed ms={length * 1000} />
        </p>
        <div class="deck-buttons">
          <Button kind="quiet" aria-label={t("replay.back", { n: back })} onClick={() => seek(at - back)}>
            −{back}
          </Button>
          <Button kind="primary" large onClick={toggle}>
            <Glyph name={playing ? "pause" : "play"} />
            {t(playing ? "replay.pause" : "replay.play")}
          </Button>
          <Button kind="quiet" aria-label={t("replay.ahead", { n: ahead })} onClick={() => seek(at + ahead)}>
            +{ahead}
          </Button>
          <Button kind="quiet" aria-label={t("replay.speed", { speed: String(speed) })} onClick={speak}>
            {speed}×
          </Button>
        </div>
        {broken ? (
          <p class="note" role="alert">
            {t("replay.broken")}
          </p>
        ) : null}
      </section>
      {marks ? <Voices marks={marks} atMs={at * 1000} seek={(ms) => seek(ms / 1000)} /> : null}
      <section aria-labelledby="files">
        <h2 id="files">{t("replay.download")}</h2>
        <p class="actions">
          <a href={`${base}/audio.m4a`} download={`${live.slug}.m4a`}>
            {t("replay.m4a")}
          </a>
          <a href={`${base}/audio.opus`} download={`${live.slug}.opus`}>
            {t("replay.opus")}
          </a>
        </p>
      </section>
    </>
  );
}

interface ReplayProps {
  readonly live: LiveState;
  readonly now: number;
}

/** How long after the end a replay may still come; afterwards there is none (a Space that was never live, or a demo). */
const comesWithinMs = 60_000;

/** The Space after it ended: the conversation from the beginning, with who spoke when. */
function Replay({ live, now }: ReplayProps): JSX.Element {
  const [marks, setMarks] = useState<ReplayMarks>();
  useEffect(() => {
    if (!live.replay) return;
    const load = async (): Promise<void> => {
      const response = await fetch(`/replay/${live.id}/marks.json`);
      if (response.ok) setMarks((await response.json()) as ReplayMarks);
    };
    load().catch(() => {}); // the replay plays without its marks
  }, [live.replay, live.id]);
  const coming = live.liveAt !== null && now - (live.endedAt ?? now) < comesWithinMs;
  const lasted = live.liveAt !== null && live.endedAt !== null ? live.endedAt - live.liveAt : undefined;
  return (
    <>
      <p class="status">
        <b class="soon">{t(live.replay ? "replay.replay" : "replay.ended")}</b>
        <Time at={live.liveAt ?? live.startAt} />
        {lasted !== undefined ? <Elapsed ms={lasted} /> : null}
      </p>
      <h1 dir="auto">{live.title}</h1>
      {live.description ? (
        <p class="description" dir="auto">
          {live.description}
        </p>
      ) : null}
      {live.replay ? (
        <Deck live={live} marks={marks} />
      ) : (
        <p class="note">{t(coming ? "replay.soon" : "replay.none")}</p>
      )}
    </>
  );
}

export const load = part<ReplayProps>(
  (container, props) => render(<Replay {...props} />, container),
  styles,
  import.meta.glob<Words>("../i18n/*/replay.ts"),
);

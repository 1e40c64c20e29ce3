import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { RoomPerson } from "../../src/wire/signalling.ts";
import { t } from "../i18n/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { LiveRegion, toast } from "../ui/live-region.tsx";
import { Panel } from "../ui/panel.tsx";
import { AirBanner } from "./air-banner.tsx";
import { announcements } from "./announcements.ts";
import { ConnectionPanel } from "./connection-panel.tsx";
import { focusOnce } from "./focus.ts";
import { Hosting } from "./hosting.tsx";
import { Invites } from "./invites.tsx";
import { MicrophonePanel, MicrophoneProblem } from "./microphone-panel.tsx";
import { Hands, ModeratedPeople } from "./moderation.tsx";
import { actorOf, mayModerate } from "./permissions.ts";
import { roleName } from "./role-name.ts";
import type { RoomMoment } from "./room-client.ts";
import type { SoundOutput } from "./sound-output.ts";
import type { WatchedSpace } from "./space-watch.ts";
import type { StageSession } from "./stage-session.ts";
import type { Readable } from "./store.ts";
import { useNow, useStore } from "./use-store.ts";

export interface StageViewProps {
  readonly session: StageSession;
  readonly watched: Readable<WatchedSpace>;
  readonly output: SoundOutput;
  readonly onLeave: () => void;
}

const nobody: readonly RoomPerson[] = [];

/** The stage, once entered. */
export function StageView({ session, watched, output, onLeave }: StageViewProps): JSX.Element {
  const air = useStore(session.air);
  const media = useStore(session.media);
  const muted = useStore(session.muted);
  const room = useStore(session.room.state);
  const view = useStore(session.room.view);
  const health = useStore(session.room.health);
  const microphone = useStore(session.microphone.state);
  const { space, clockOffset } = useStore(watched);
  const now = useNow(clockOffset);
  const [isLeaving, setLeaving] = useState(false);
  const [showsDevices, setShowsDevices] = useState(false);
  const heard = media.kind === "connected" ? media.heard : undefined;
  useEffect(() => output.play(heard), [output, heard]);

  const people = view?.people ?? nobody;
  const you = room.kind === "joined" ? room.you : "";
  const role = room.kind === "joined" ? room.role : "speaker";
  const actor = actorOf(role, people);
  const said = useAnnouncements(people, you, mayModerate(actor));
  const [invited, decide] = useMoments(session);
  useMuteKey(session);
  useDropped(session, room.kind === "joined");
  // The room's status is newer than the watched one.
  const current = view ? { ...space, status: view.status, hold: view.hold } : space;
  const me = people.find((one) => one.id === you);
  const paying = useStore(session.room.paying);
  return (
    <>
      <AirBanner
        air={air}
        media={media}
        room={room}
        space={current}
        listeners={health?.listeners ?? space.listeners}
        now={now}
      />
      <div class="page-head">
        <h1 tabIndex={-1} ref={focusOnce}>
          {space.title}
        </h1>
        {view?.notice ? <p class="soft">{view.notice}</p> : null}
      </div>
      <LiveRegion text={said} />
      {invited ? (
        <Callout kind="waiting" title={t("stage.invited")}>
          <p>{t("stage.invitedDetail", { role: roleName(invited.role) })}</p>
          <div class="row">
            <Button kind="primary" onClick={() => decide(true)}>
              {t("stage.accept")}
            </Button>
            <Button onClick={() => decide(false)}>{t("stage.decline")}</Button>
          </div>
        </Callout>
      ) : null}
      {role === "listener" ? null : (
        <MicrophoneProblem state={microphone} onRetry={() => void session.microphone.open()}>
          <Button onClick={() => setShowsDevices(true)}>{t("stage.devices")}</Button>
        </MicrophoneProblem>
      )}
      <div class="stage-columns">
        <Panel id="people" title={t("stage.people")}>
          <ModeratedPeople
            people={people}
            voices={session.room.voices}
            you={you}
            actor={actor}
            onSend={(message) => session.send(message)}
          />
        </Panel>
        <div class="stage-side">
          <Hands people={people} actor={actor} onSend={(message) => session.send(message)} />
          <Hosting
            space={current}
            notice={view?.notice ?? ""}
            actor={actor}
            token={room.kind === "joined" ? room.token : undefined}
            now={now}
            onSend={(message) => session.send(message)}
          />
          <Invites space={space.id} actor={actor} token={room.kind === "joined" ? room.token : undefined} />
          <ConnectionPanel session={session} />
        </div>
      </div>
      <LiveRegion text={paying} seen={paying !== ""} />
      <div class="controls">
        {role === "listener" ? (
          <Button
            kind="primary"
            aria-pressed={me?.handRaised ?? false}
            onClick={() => session.send({ t: "hand", raised: !me?.handRaised })}
          >
            <Icon name="hand" />
            {t(me?.handRaised ? "stage.lowerHand" : "stage.raiseHand")}
          </Button>
        ) : (
          <Button
            kind={muted ? "primary" : "plain"}
            large
            aria-keyshortcuts="m"
            title={t("stage.muteKey")}
            onClick={() => session.setMuted(!muted)}
          >
            <Icon name={muted ? "muted" : "microphone"} size={24} />
            {t(muted ? "stage.unmute" : "stage.mute")}
          </Button>
        )}
        <Button aria-label={t("stage.devices")} title={t("stage.devices")} onClick={() => setShowsDevices(true)}>
          <Icon name="sound" />
        </Button>
        <Button onClick={() => setLeaving(true)}>
          <Icon name="leave" />
          {t("stage.leave")}
        </Button>
      </div>
      <Dialog
        id="sound"
        open={showsDevices}
        title={t("stage.devices")}
        onClose={() => setShowsDevices(false)}
        actions={<Button onClick={() => setShowsDevices(false)}>{t("frame.close")}</Button>}
      >
        {showsDevices ? <MicrophonePanel microphone={session.microphone} output={output} /> : null}
      </Dialog>
      <Confirm
        id="leave"
        open={isLeaving}
        title={t("stage.leaveTitle")}
        yes={t("stage.leave")}
        no={t("frame.cancel")}
        onYes={onLeave}
        onNo={() => setLeaving(false)}
      >
        <p>{t(role === "host" ? "stage.leaveHost" : "stage.leaveDetail")}</p>
      </Confirm>
    </>
  );
}

/** What a screen reader says about the others, one change at a time. */
function useAnnouncements(people: readonly RoomPerson[], you: string, hearsHands: boolean): string {
  const before = useRef<readonly RoomPerson[] | undefined>(undefined);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const news = before.current ? announcements(before.current, people, you, hearsHands) : [];
    before.current = people;
    if (news.length > 0) setSaid(news.join(". "));
  }, [people, you, hearsHands]);
  return said;
}

type Invited = Extract<RoomMoment, { t: "invited" }>;

/** The offer to come on stage, if there is one, and the answer to it; what a host did to this person is said. */
function useMoments(session: StageSession): readonly [Invited | undefined, (accept: boolean) => void] {
  const [invited, setInvited] = useState<Invited | undefined>(undefined);
  useEffect(
    () =>
      session.room.onMoment((moment) => {
        if (moment.t === "invited") setInvited(moment);
        if (moment.t === "role") {
          setInvited(undefined);
          toast(t("stage.saidYourRole", { role: roleName(moment.role) }));
        }
        if (moment.t === "muted-by") toast(t("stage.saidMutedBy", { name: moment.by }));
        if (moment.t === "refused") toast(`${moment.problem.detail} ${moment.problem.action}`, "error");
      }),
    [session],
  );
  const decide = (accept: boolean): void => {
    session.send({ t: "step-up", accept });
    setInvited(undefined);
  };
  return [invited, decide];
}

/** Says once the room is back how much of what was done meanwhile did not reach it. */
function useDropped(session: StageSession, isJoined: boolean): void {
  const told = useRef(0);
  useEffect(() => {
    const lost = session.room.dropped - told.current;
    if (!isJoined || lost <= 0) return;
    told.current = session.room.dropped;
    toast(t("stage.saidDropped", { n: lost }), "error");
  }, [session, isJoined]);
}

/** M mutes and unmutes, unless somebody is writing. */
function useMuteKey(session: StageSession): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const target = event.target;
      const isWriting =
        target instanceof HTMLInputElement ||
        target instanceof HTMLTextAreaElement ||
        target instanceof HTMLSelectElement;
      if (event.key.toLowerCase() !== "m" || event.repeat || isWriting) return;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      session.setMuted(!session.muted.get());
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [session]);
}

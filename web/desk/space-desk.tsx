import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CreateSpace, EditSpace, Space } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import type { RoomPerson } from "../../src/wire/signalling.ts";
import { api, ApiProblem, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { dateTimeText } from "../stage/date-text.ts";
import { hostToken } from "../stage/entrance.ts";
import { Hosting } from "../stage/hosting.tsx";
import { Invites } from "../stage/invites.tsx";
import { Hands, ModeratedPeople } from "../stage/moderation.tsx";
import { RoomClient } from "../stage/room-client.ts";
import { type WatchedSpace, watchSpace } from "../stage/space-watch.ts";
import type { Readable } from "../stage/store.ts";
import { useNow, useStore } from "../stage/use-store.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { toast } from "../ui/live-region.tsx";
import { Panel } from "../ui/panel.tsx";
import { Changes } from "./changes.tsx";
import { HealthPanel } from "./health.tsx";
import { LevelPanel } from "./level.tsx";
import { RunSheetPanel } from "./run-sheet.tsx";
import { SpaceForm } from "./space-form.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { VerdictPanel } from "./verdict.tsx";

type Step =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly title: string; readonly detail: string }
  /** `room` is missing when the Space is over: nobody can join it any more. */
  | { readonly kind: "open"; readonly watched: Readable<WatchedSpace>; readonly room: RoomClient | undefined };

/** The desk joins the room with a place of its own in storage, so that it never takes the stage page's. */
const deskSpace = (slug: string): string => `${slug}:desk`;

const isOver = ({ status }: Space): boolean => status === "ended" || status === "cancelled";

/** One Space's desk. */
export function SpaceDesk({ slug }: { readonly slug: string }): JSX.Element {
  const [step, setStep] = useState<Step>({ kind: "loading" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    let room: RoomClient | undefined;
    const load = async (): Promise<void> => {
      try {
        const watched = await watchSpace(slug, ending.signal);
        if (!isOver(watched.get().space)) {
          const token = await hostToken(slug, ending.signal);
          const url = new URL(`/api/v1/spaces/${slug}/room`, location.href).href.replace(/^http/, "ws");
          room = new RoomClient({ url, space: deskSpace(slug), token });
          room.onMoment((moment) => {
            if (moment.t === "refused") toast(`${moment.problem.detail} ${moment.problem.action}`, "error");
          });
          room.join();
        }
        setStep({ kind: "open", watched, room });
      } catch (failure) {
        if (ending.signal.aborted) return;
        const isLost = failure instanceof ApiProblem && failure.status === 404;
        const [title, detail] = isLost ? [t("frame.lost"), t("frame.lostDetail")] : [wordsFor(failure), ""];
        setStep({ kind: "failed", title, detail });
      }
    };
    void load();
    return () => {
      ending.abort();
      room?.detach();
    };
  }, [slug, round]);
  if (step.kind === "loading") return <p class="soft">{t("frame.loading")}</p>;
  if (step.kind === "failed") {
    return (
      <div class="narrow">
        <h1 class="unseen">{step.title}</h1>
        <Callout kind="bad" title={step.title}>
          {step.detail ? <p>{step.detail}</p> : null}
          <div class="row">
            <Button onClick={() => setRound(round + 1)}>{t("frame.tryAgain")}</Button>
            <ButtonLink href={pagePaths.desk()}>{t("desk.allSpaces")}</ButtonLink>
          </div>
        </Callout>
      </div>
    );
  }
  return (
    <>
      <DeskHead watched={step.watched} room={step.room} />
      {step.room ? <RoomDesk watched={step.watched} room={step.room} /> : <ClosedDesk watched={step.watched} />}
    </>
  );
}

interface DeskProps {
  readonly watched: Readable<WatchedSpace>;
  readonly room: RoomClient;
}

/** The Space with what the room tells newer. */
function useSpace(watched: Readable<WatchedSpace>, room: RoomClient | undefined): Space {
  const { space } = useStore(watched);
  const [view, setView] = useState(room?.view.get());
  useEffect(() => room?.view.watch((next) => setView(next)), [room]);
  return view ? { ...space, status: view.status, hold: view.hold } : space;
}

type Open = "edit" | "cancel";

function DeskHead({ watched, room }: Omit<DeskProps, "room"> & { room: RoomClient | undefined }): JSX.Element {
  const space = useSpace(watched, room);
  const [open, setOpen] = useState<Open | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [edited, setEdited] = useState<Space | undefined>(undefined);
  const shown = edited && edited.id === space.id ? { ...space, ...freshOf(edited) } : space;
  const edit = async (wanted: CreateSpace): Promise<void> => {
    setEdited(await api<Space>(`/spaces/${space.id}`, { method: "PATCH", body: wanted satisfies EditSpace }));
    setOpen(undefined);
    toast(t("desk.saved"));
  };
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await api(`/spaces/${space.id}/cancel`, { method: "POST" });
      location.reload();
    } catch (failure) {
      toast(wordsFor(failure), "error");
      setBusy(false);
    }
  };
  const canCancel = space.status === "scheduled" || space.status === "lobby";
  return (
    <>
      <div class="page-head">
        <p class="row">
          <StatusBadge space={space} />
          <span class="soft">{dateTimeText(Date.parse(shown.startAt))}</span>
        </p>
        <h1>{shown.title}</h1>
        <div class="row">
          {room && !isOver(space) ? (
            <ButtonLink kind="primary" href={pagePaths.stage(space.slug)}>
              {t("desk.stagePage")}
            </ButtonLink>
          ) : null}
          <ButtonLink href={pagePaths.space(space.slug)}>{t("desk.audiencePage")}</ButtonLink>
          <Button onClick={() => setOpen("edit")}>{t("desk.edit")}</Button>
          {canCancel ? (
            <Button kind="danger" onClick={() => setOpen("cancel")}>
              {t("desk.cancelSpace")}
            </Button>
          ) : null}
        </div>
      </div>
      <Dialog id="edit" open={open === "edit"} title={t("desk.editTitle")} onClose={() => setOpen(undefined)}>
        {open === "edit" ? <SpaceForm space={shown} submit={t("desk.save")} onSubmit={edit} /> : null}
        <Button onClick={() => setOpen(undefined)}>{t("frame.cancel")}</Button>
      </Dialog>
      <Confirm
        id="cancel"
        open={open === "cancel"}
        title={t("desk.cancelTitle")}
        kind="danger"
        yes={t("desk.cancelSpace")}
        no={t("desk.keep")}
        busy={busy}
        onYes={() => void cancel()}
        onNo={() => setOpen(undefined)}
      >
        <p>{t("desk.cancelDetail")}</p>
      </Confirm>
    </>
  );
}

/** What an edit changes; everything else may have changed again since. */
const freshOf = ({ title, description, language, visibility, startAt }: Space): Partial<Space> => ({
  title,
  description,
  language,
  visibility,
  startAt,
});

const nobody: readonly RoomPerson[] = [];

/** The desk as long as the Space is not over; then only what happened is left. */
function RoomDesk({ watched, room }: DeskProps): JSX.Element {
  const isDone = isOver(useSpace(watched, room));
  useEffect(() => {
    if (isDone) room.detach();
  }, [isDone, room]);
  return isDone ? <ClosedDesk watched={watched} /> : <OpenDesk watched={watched} room={room} />;
}

function OpenDesk({ watched, room }: DeskProps): JSX.Element {
  const state = useStore(room.state);
  const view = useStore(room.view);
  const health = useStore(room.health);
  const { clockOffset, heard } = useStore(watched);
  const now = useNow(clockOffset, 1000);
  const space = useSpace(watched, room);
  const people = view?.people ?? nobody;
  const send = (message: Parameters<RoomClient["send"]>[0]): void => room.send(message);
  // Before the minute it is what the desk is for; afterwards it says how that went.
  const isAhead = space.status === "scheduled" || (space.status === "lobby" && Date.parse(space.startAt) > now);
  const runSheet = <RunSheetPanel space={space.id} now={now} />;
  return (
    <>
      {state.kind === "waiting" ? <Callout kind="waiting" title={t("desk.roomAway")} /> : null}
      {isAhead ? runSheet : null}
      <div class="desk-columns">
        <div class="desk-column">
          <HealthPanel health={health} people={people} space={space} heard={heard} />
          <Panel id="people" title={t("stage.people")}>
            <ModeratedPeople
              people={people}
              voices={room.voices}
              you={state.kind === "joined" ? state.you : ""}
              actor="host"
              onSend={send}
            />
          </Panel>
          <Hands people={people} actor="host" onSend={send} />
        </div>
        <div class="desk-column">
          <Hosting space={space} notice={view?.notice ?? ""} actor="host" now={now} onSend={send} />
          <Invites space={space.id} actor="host" />
          {space.status === "scheduled" ? null : <LevelPanel space={space.id} />}
          <Changes space={space.id} status={`${space.status} ${space.hold}`} />
          {isAhead ? null : runSheet}
        </div>
      </div>
      {space.status === "scheduled" ? null : <VerdictPanel space={space.id} isLive />}
    </>
  );
}

function ClosedDesk({ watched }: Omit<DeskProps, "room">): JSX.Element {
  const { space } = useStore(watched);
  return (
    <>
      {space.status === "cancelled" ? null : <VerdictPanel space={space.id} isLive={false} />}
      <Changes space={space.id} status={`${space.status} ${space.replay}`} />
    </>
  );
}

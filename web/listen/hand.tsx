import { type JSX, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { pagePaths } from "../../src/wire/pages.ts";
import type { LiveState } from "../../src/wire/state.ts";
import { t, type Words } from "../i18n/catalogue.ts";
import { audienceDelay } from "../stage/backoff.ts";
import { RoomClient, type RoomState } from "../stage/room-client.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { part } from "./part.ts";
import styles from "./hand.css?url";

interface HandProps {
  readonly live: LiveState;
  /** The dialog that asks for a name. */
  readonly open: boolean;
  readonly onClose: () => void;
  /** Called before the page leaves for the stage. */
  readonly onStage: () => void;
}

const nameKey = "rostra-name";

const roomUrl = (id: string): string => {
  const url = new URL(`/api/v1/spaces/${id}/room`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
};

const savedName = (): string => {
  try {
    return localStorage.getItem(nameKey) ?? "";
  } catch {
    return "";
  }
};

interface Wish {
  /** Why it did not go up. */
  readonly refused: string;
  /** What is said while its price is paid. */
  readonly paying: string;
  /** Wanted. */
  readonly raised: boolean;
  /** Seen by the hosts. */
  readonly up: boolean;
  readonly declined: boolean;
}

/** What the line under the title says of the raised hand; undefined when there is nothing to say. */
function lineOf(state: RoomState | undefined, wish: Wish): string | undefined {
  if (state?.kind === "refused") return state.problem?.detail ?? t("hand.refused");
  if (state?.kind === "removed") return t("hand.removed");
  if (wish.refused) return wish.refused;
  if (!wish.raised) return wish.declined ? t("hand.declined") : undefined;
  if (wish.paying) return wish.paying;
  return t(wish.up && state?.kind === "joined" ? "hand.up" : "hand.connecting");
}

/** Raising a hand: asks for a name, opens the room's socket, and offers the way to the stage when a host invites. */
function Hand({ live, open, onClose, onStage }: HandProps): JSX.Element {
  const [client, setClient] = useState<RoomClient>();
  const [state, setState] = useState<RoomState>();
  const [name, setName] = useState(savedName);
  const [error, setError] = useState("");
  const [paying, setPaying] = useState("");
  const [refused, setRefused] = useState("");
  const [raised, setRaised] = useState(false);
  const [up, setUp] = useState(false);
  const [invited, setInvited] = useState(false);
  const [declined, setDeclined] = useState(false);
  const [going, setGoing] = useState(false);

  useEffect(() => {
    if (!client) return;
    let wasUp = false;
    const ends = [
      client.state.watch(setState),
      client.paying.watch(setPaying),
      client.view.watch((view) => {
        const joined = client.state.get();
        const me = joined.kind === "joined" ? view?.people.find(({ id }) => id === joined.you) : undefined;
        if (!me) return;
        if (wasUp && !me.handRaised) setRaised(false);
        wasUp = me.handRaised;
        setUp(wasUp);
        setInvited(me.offered !== null);
      }),
      client.onMoment((moment) => {
        if (moment.t === "invited") setInvited(true);
        if (moment.t === "refused") {
          setRefused(moment.problem.detail);
          setRaised(false);
        }
        if (moment.t !== "role" || moment.role === "listener") return;
        // The new token is in sessionStorage by now; the stage page goes on with it.
        onStage();
        client.detach();
        location.assign(pagePaths.stage(live.slug));
      }),
    ];
    client.join();
    return () => {
      for (const end of ends) end();
      client.detach();
    };
  }, [client]);

  const raise = (event: Event): void => {
    event.preventDefault();
    const given = name.trim();
    if (!given) return setError(t("hand.nameMissing"));
    try {
      localStorage.setItem(nameKey, given);
    } catch {
      /* then it is asked for again next time */
    }
    const room =
      client ?? new RoomClient({ url: roomUrl(live.id), space: live.slug, name: given, delay: audienceDelay });
    if (client) {
      client.join();
      client.send({ t: "rename", name: given });
    }
    setClient(room);
    room.send({ t: "hand", raised: true });
    setRaised(true);
    setRefused("");
    setDeclined(false);
    onClose();
  };
  const lower = (): void => {
    client?.send({ t: "hand", raised: false });
    setRaised(false);
  };
  const answer = (accept: boolean): void => {
    client?.send({ t: "step-up", accept });
    setGoing(accept);
    if (accept) return;
    setInvited(false);
    setDeclined(true);
    lower();
  };
  const line = lineOf(state, { refused, paying, raised, up, declined });

  return (
    <>
      <div role="status">
        {line ? (
          <p class="note hand-line">
            {line}{" "}
            {raised ? (
              <Button kind="quiet" onClick={lower}>
                {t("hand.lower")}
              </Button>
            ) : null}
          </p>
        ) : null}
      </div>
      <Dialog
        id="hand"
        open={open && !invited}
        title={t("hand.title")}
        onClose={onClose}
        actions={
          <>
            <Button kind="quiet" onClick={onClose}>
              {t("hand.cancel")}
            </Button>
            <Button kind="primary" type="submit" form="hand-form">
              {t("hand.raise")}
            </Button>
          </>
        }
      >
        <p class="soft">{t("hand.explain")}</p>
        <form id="hand-form" onSubmit={raise} noValidate>
          <Field
            id="hand-name"
            label={t("hand.name")}
            value={name}
            maxLength={80}
            autocomplete="nickname"
            error={error}
            onInput={(event) => {
              setName(event.currentTarget.value);
              setError("");
            }}
          />
        </form>
      </Dialog>
      <Dialog
        id="invited"
        open={invited}
        title={t("hand.invited")}
        onClose={() => answer(false)}
        actions={
          <>
            <Button kind="quiet" onClick={() => answer(false)}>
              {t("hand.notNow")}
            </Button>
            <Button kind="primary" busy={going} onClick={() => answer(true)}>
              {t("hand.goUp")}
            </Button>
          </>
        }
      >
        <p>{t("hand.invitedDetail")}</p>
      </Dialog>
    </>
  );
}

export const load = part<HandProps>(
  (container, props) => render(<Hand {...props} />, container),
  styles,
  import.meta.glob<Words>("../i18n/*/hand.ts"),
);

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CreateSpace, Space, SpaceList } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { api, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { dateTimeText } from "../stage/date-text.ts";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Panel } from "../ui/panel.tsx";
import { SpaceForm } from "./space-form.tsx";
import { StatusBadge } from "./status-badge.tsx";

type Listing =
  | { readonly kind: "loading" }
  | { readonly kind: "there"; readonly spaces: readonly Space[] }
  | { readonly kind: "failed"; readonly words: string };

const periodMs = 15_000;

/** The owner's Spaces and the form for another one. */
export function Spaces(): JSX.Element {
  const [listing, setListing] = useState<Listing>({ kind: "loading" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const { spaces } = await api<SpaceList>("/spaces?all=true&limit=100", { signal: ending.signal });
        setListing({ kind: "there", spaces });
      } catch (failure) {
        if (ending.signal.aborted) return;
        // A list that is there stays there: it is only a little older.
        setListing((before) => (before.kind === "there" ? before : { kind: "failed", words: wordsFor(failure) }));
      }
    };
    void load();
    const timer = setInterval(() => void load(), periodMs);
    return () => {
      clearInterval(timer);
      ending.abort();
    };
  }, [round]);
  const create = async (body: CreateSpace): Promise<void> => {
    const space = await api<Space>("/spaces", { body });
    location.assign(pagePaths.desk(space.slug));
  };
  return (
    <>
      <div class="page-head">
        <h1>{t("desk.title")}</h1>
      </div>
      <div class="desk-columns">
        <Panel id="spaces" title={t("desk.spaces")}>
          {listing.kind === "loading" ? <p class="soft">{t("frame.loading")}</p> : null}
          {listing.kind === "failed" ? (
            <Callout kind="bad" title={listing.words}>
              <Button onClick={() => setRound(round + 1)}>{t("frame.tryAgain")}</Button>
            </Callout>
          ) : null}
          {listing.kind === "there" && listing.spaces.length === 0 ? <p class="soft">{t("desk.noSpaces")}</p> : null}
          {listing.kind === "there" ? (
            <ul class="space-list">
              {listing.spaces.map((space) => (
                <li key={space.id}>
                  <a href={pagePaths.desk(space.slug)}>{space.title}</a>
                  <p class="space-list-facts">
                    <StatusBadge space={space} />
                    <span>{dateTimeText(Date.parse(space.startAt))}</span>
                    {space.status === "live" ? <span>{t("stage.listeners", { n: space.listeners })}</span> : null}
                  </p>
                </li>
              ))}
            </ul>
          ) : null}
        </Panel>
        <Panel id="create" title={t("desk.create")}>
          <SpaceForm submit={t("desk.createButton")} onSubmit={create} />
        </Panel>
      </div>
    </>
  );
}

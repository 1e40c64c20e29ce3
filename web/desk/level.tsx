import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AskLevel, SpaceLevel } from "../../src/wire/api.ts";
import type { ServiceLevel } from "../../src/wire/state.ts";
import { api, wordsFor } from "../api/client.ts";
import { t } from "../i18n/catalogue.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { SelectField } from "../ui/field.tsx";
import { Panel } from "../ui/panel.tsx";
import { Time } from "../ui/time.tsx";

const levels: readonly ServiceLevel[] = [0, 1, 2, 3, 4];
/** How often what holds is read, ms. */
const readMs = 5000;

/** The level of service that newcomers meet, why, and the host's hand, which can only raise it. */
export function LevelPanel({ space }: { readonly space: string }): JSX.Element {
  const [told, setTold] = useState<SpaceLevel>();
  const [wanted, setWanted] = useState<ServiceLevel>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const path = `/spaces/${space}/level`;

  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const read = async (): Promise<void> => {
      if (!document.hidden)
        await api<SpaceLevel>(path, { signal: ending.signal }).then(
          (answer) => {
            if (ending.signal.aborted) return;
            setTold(answer);
            setError("");
          },
          (failure: unknown) => ending.signal.aborted || setError(wordsFor(failure)),
        );
      if (!ending.signal.aborted) timer = setTimeout(() => void read(), readMs);
    };
    void read();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [path]);

  const ask = async (level: ServiceLevel): Promise<void> => {
    setBusy(true);
    setError("");
    try {
      setTold(await api<SpaceLevel>(path, { method: "PUT", body: { level } satisfies AskLevel }));
      setWanted(undefined);
    } catch (failure) {
      setError(wordsFor(failure));
    } finally {
      setBusy(false);
    }
  };

  const effective = told?.effective ?? 0;
  const shown = wanted ?? told?.asked ?? 0;
  const aside = told ? <Badge kind={effective > 2 ? "live" : "plain"}>{t(`level.name.${effective}`)}</Badge> : null;
  return (
    <Panel id="level" title={t("level.title")} aside={aside}>
      {told ? (
        <p>
          {t(`level.means.${effective}`)}{" "}
          <span class="soft">
            {t(`level.cause.${told.cause}`)} <Time at={Date.parse(told.since)} options={{ timeStyle: "short" }} />
          </span>
        </p>
      ) : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void ask(shown);
        }}
      >
        <SelectField
          id="level-asked"
          label={t("level.asked")}
          hint={shown === effective ? undefined : t(`level.means.${shown}`)}
          value={String(shown)}
          onChange={(event) => setWanted(Number(event.currentTarget.value) as ServiceLevel)}
        >
          {levels.map((level) => (
            <option key={level} value={String(level)}>
              {t(`level.name.${level}`)}
            </option>
          ))}
        </SelectField>
        <Button type="submit" busy={busy}>
          {t("level.set")}
        </Button>
      </form>
      <p class="field-error" role="alert">
        {error}
      </p>
      <p class="soft">{t("level.onlyRaises")}</p>
    </Panel>
  );
}

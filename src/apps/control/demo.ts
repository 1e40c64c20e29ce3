import { reason } from "../../foundation/errors.ts";
import { end, startNow } from "../../room/life.ts";
import type { ActiveSpace } from "./active-space.ts";
import type { Context } from "./context.ts";
import { newId } from "./entries.ts";
import { createWithSlug } from "./spaces-routes.ts";

export const demoSlug = "demo";

/** The synthetic voices of the demo programme: recordings in `assets/voices`. */
export const demoVoices = [
  { recording: "en", name: "English (synthetic voice)", role: "host" },
  { recording: "fr", name: "Français (voix de synthèse)", role: "speaker" },
  { recording: "id", name: "Bahasa Indonesia (suara sintetis)", role: "speaker" },
] as const;

/**
 * With no Space at all, opens one that is live at once: three synthetic voices go through the real mixer. One of an
 * earlier run goes on where it was. It is not archived, so that it may go on for ever; switched off, it ends.
 */
export async function ensureDemo(context: Context, wanted: boolean): Promise<void> {
  const { director, store, log } = context;
  const running = director.spaces.find(({ record }) => record.demo);
  try {
    if (running && wanted) seat(context, running);
    else if (running) {
      await director.change(running, (now) => ({ steps: [end(running.life, now, "demo-switched-off")] }));
    } else if (wanted && (await store.spaces.list({ limit: 1 })).length === 0) await open(context);
  } catch (failure) {
    // The demo is a courtesy: without it everything else still works.
    log.warn("no-demo", { reason: reason(failure) });
  }
}

async function open(context: Context): Promise<void> {
  const { director } = context;
  const now = director.now();
  const space = await createWithSlug(
    context,
    {
      id: newId(),
      slug: demoSlug,
      title: "Rostra demo",
      description:
        "Three synthetic voices, in English, French and Indonesian, through the real mixer. They go on until you end them.",
      language: "en",
      visibility: "public",
      status: "scheduled",
      startAt: Math.round(now.wall),
      createdAt: Math.round(now.wall),
      epochMs: null,
      liveFrom: null,
      liveAt: null,
      delayMs: null,
      endedAt: null,
      notice: "",
      demo: true,
      rehearsalOf: null,
    },
    demoSlug,
  );
  seat(context, space);
  await director.change(space, (then) => startNow(space.life, then, "demo"));
}

function seat({ director }: Context, space: ActiveSpace): void {
  for (const { recording, name, role } of demoVoices) {
    director.act(space, (room, now) =>
      room.enter({ by: "recording", id: `demo-${recording}`, name, role, recording }, now),
    );
  }
}

import { chmod, rm } from "node:fs/promises";
import { Budget } from "../foundation/budget.ts";
import { ms } from "../foundation/duration.ts";
import { Link } from "../foundation/link.ts";
import { reason } from "../foundation/errors.ts";
import { People } from "../people/people.ts";
import { Invites } from "../room/invites.ts";
import { openSecrets } from "../store/secrets.ts";
import { openStore } from "../store/open.ts";
import { type ProcessConfig, sockets } from "./config.ts";
import type { Context } from "./control/context.ts";
import { ensureDemo } from "./control/demo.ts";
import { keepDiary } from "./control/keep-diary.ts";
import { Director } from "./control/director.ts";
import { GameDayShelf } from "./control/game-day/shelf.ts";
import { Rehearsals } from "./control/game-day/rehearsals.ts";
import { Observer } from "./control/observer.ts";
import { PeopleDesk } from "./control/people-routes.ts";
import { exemptionBy } from "./control/price/paying.ts";
import { Price } from "./control/price/price.ts";
import { readLimits, writeLimits } from "./control/rate.ts";
import { Rooms } from "./control/rooms.ts";
import { createServer } from "./control/server.ts";

/** Requests to the origin or the stage that may be under way at once. */
const maxLinkSockets = 16;

export interface ControlOptions {
  /** The wall's clock, ms since 1970. @default Date.now */
  readonly wall?: () => number;
  /** The most WebSockets of rooms. @default what `rooms.ts` says */
  readonly maxSockets?: number;
}

/** The control process: accounts, Spaces and rooms, behind `run/control.sock`. Resolves once it serves. */
export async function runControl(config: ProcessConfig, options: ControlOptions = {}): Promise<void> {
  const { scope, log, meter, clock, data, databaseUrl, publicUrl } = config;
  const secrets = await openSecrets(data);
  const store = await openStore({ data, databaseUrl, clock, log });
  scope.onEnd(() => store.end());
  scope.every(ms(3_600_000), () => {
    store.sweep(clock.now()).catch((failure: unknown) => log.warn("sweep-failed", { reason: reason(failure) }));
  });
  const origin = new Link(sockets.origin(config.run), maxLinkSockets);
  const stage = new Link(sockets.stage(config.run), maxLinkSockets);
  scope.onEnd(() => {
    origin.close();
    stage.close();
  });

  const director = await Director.open({ store, clock, origin, stage, scope, log, meter, ...options });
  const invites = new Invites(secrets.key("invite"), () => director.now().wall);
  const price = new Price({
    keys: { challenge: secrets.key("price"), answer: secrets.key("price-answer") },
    now: options.wall ?? Date.now,
    meter,
  });
  const rooms = new Rooms({ director, invites, price, scope, log, meter, maxSockets: options.maxSockets });
  const observer = new Observer({ director, origin, stage, watchers: rooms, scope, log });
  const desk = new PeopleDesk(new People({ store, clock, log, key: secrets.key("people") }), publicUrl);
  const diary = await keepDiary({ config, secrets, director, price });
  const context: Context = {
    diary,
    director,
    rooms,
    invites,
    store,
    runSheets: new GameDayShelf(store, data),
    stage,
    log,
    publicUrl,
    budgets: {
      writes: new Budget(writeLimits, secrets.key("budget"), () => clock.now()),
      reads: new Budget(readLimits, secrets.key("budget"), () => clock.now()),
    },
    price,
    exemption: (request) => exemptionBy(desk, request, () => clock.now()),
    links: () => observer.links,
    owner: async (request) => {
      const who = await desk.signedIn(request);
      if (who) desk.guard(request);
      return who?.account.name;
    },
  };
  await ensureDemo(context, config.demo ?? false);
  observer.start();

  const rehearsals = new Rehearsals({ director, store, scope, log });
  const gameDay = { rehearsals, origin, scope, data };
  const app = await createServer({ context, desk, meter, gameDay, metricsSocket: sockets.metrics(config.run) });
  const path = sockets.control(config.run);
  await rm(path, { force: true });
  await app.listen({ path });
  await chmod(path, 0o600);
  scope.onEnd(() => app.close());
}

import { join, resolve } from "node:path";
import { closeServer, listenUnix } from "../foundation/link.ts";
import { diskShelf } from "../origin/archive.disk.ts";
import { diskAudienceShelf } from "../origin/audience-shelf.ts";
import { holdFromFiles } from "../origin/hold.ts";
import { Origin } from "../origin/origin.ts";
import { diskRegister } from "../origin/register.ts";
import { originRoutes } from "../origin/routes.ts";
import { openLines } from "./origin/lines.ts";
import { type ProcessConfig, sockets } from "./config.ts";

/** The hold audio that comes with the software, one loop per rendition. */
const holdFolder = resolve(import.meta.dirname, "../../assets/hold");

/** The process that owns the timelines; it serves once every Space that was kept runs again. */
export async function runOrigin(config: ProcessConfig): Promise<void> {
  const { clock, log, meter, scope, data, run } = config;
  const origin = await Origin.open({
    clock,
    log,
    meter,
    scope,
    hold: await holdFromFiles(holdFolder),
    register: await diskRegister(join(data, "timelines"), log),
    shelf: await diskShelf(join(data, "archive"), log),
    audiences: await diskAudienceShelf(join(data, "audience"), log),
    lines: await openLines(join(data, "lines"), clock, log, meter),
    edgeUrls: (process.env["ROSTRA_EDGE_URLS"] ?? "").split(",").filter(Boolean),
  });
  const server = await listenUnix(sockets.origin(run), originRoutes(origin, meter), log);
  scope.onEnd(() => closeServer(server));
  log.info("origin-ready", { spaces: [...origin.spaces()].length });
}

import { join } from "node:path";
import { expect, test } from "vitest";
import { closeServer, listenUnix, sendJson } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";
import { edgesByLevel } from "../wire/levels.ts";
import { livePaths } from "../wire/paths.ts";
import type { LiveState, ServiceLevel } from "../wire/state.ts";
import type { Audience } from "../wire/timelines.ts";
import { TestEdge, until } from "./edge.test-server.ts";
import { liveState } from "./origin.test-server.ts";
import { alwaysOpen, levelsTold } from "./service-level.ts";

/** An edge whose own level is set by hand. */
function own(level: ServiceLevel) {
  const at = { level };
  const levels = {
    ...alwaysOpen,
    of: () => at.level,
    get own() {
      return at.level;
    },
  };
  return { at, levels };
}

test("ED-130 the state tells the higher of the edge's level and of the one that the origin tells, as soon as it is another", async () => {
  const { at, levels } = own(0);
  await using edge = await TestEdge.start({ levels });
  const tell = (level: ServiceLevel): void => edge.origin.say({ t: "state", state: { ...liveState("a"), level } });
  const told = async (): Promise<number> =>
    (JSON.parse((await edge.get(livePaths.state("a"))).body.toString("utf8")) as LiveState).level;
  tell(2);
  await until(() => edge.edge.directory.find("a")?.state.level === 2);
  expect(await told()).toBe(2);
  at.level = 3;
  expect(await told()).toBe(3);
  at.level = 1;
  expect(await told()).toBe(2);
  tell(0);
  await until(() => edge.edge.directory.find("a")?.state.level === 0);
  expect(await told()).toBe(1);
  at.level = 0;
  expect(await told()).toBe(0);
});

test("ED-131 a report counts the edges at each level, its own and those below, with the cause of the highest", () => {
  const below = (level: Audience["level"]) => ({ edge: "b", listeners: {}, level });
  expect(levelsTold({ own: 1, cause: "cpu" }, [])).toEqual({ edges: edgesByLevel(1), cause: "cpu" });
  const reports = [
    below({ edges: [2, 0, 0, 1, 0], cause: "egress" }),
    below({ edges: [1, 1, 0, 0, 0], cause: "memory" }),
    { edge: "says nothing of it", listeners: {} },
  ];
  expect(levelsTold({ own: 1, cause: "cpu" }, reports)).toEqual({ edges: [4, 2, 0, 1, 0], cause: "egress" });
  expect(levelsTold({ own: 4, cause: "cpu" }, reports)).toEqual({ edges: [4, 1, 0, 1, 1], cause: "cpu" });
});

test("ED-132 at level 4 who shows who they are reaches control, and nobody else; below it everybody does", async () => {
  const { at, levels } = own(4);
  await using edge = await TestEdge.start({ levels });
  const control = await listenUnix(
    join(edge.folder, "control.sock"),
    (_, response) => sendJson(response, 200, {}),
    silentLog,
  );
  const ask = async (headers: Record<string, string>) => await edge.get("/api/v1/spaces", { headers });
  try {
    const refused = await ask({});
    expect([refused.status, JSON.parse(refused.body.toString("utf8")).code]).toEqual([503, "overloaded"]);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThanOrEqual(5);
    expect((await ask({ cookie: "session=1" })).status).toBe(200);
    expect((await ask({ authorization: "Bearer t" })).status).toBe(200);
    at.level = 3;
    expect((await ask({})).status).toBe(200);
  } finally {
    await closeServer(control, 0);
  }
});

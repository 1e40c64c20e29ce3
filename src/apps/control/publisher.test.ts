import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closeServer, Link, listenUnix, readBody } from "../../foundation/link.ts";
import { silentLog } from "../../foundation/log.ts";
import { Meter } from "../../foundation/meter.ts";
import { Publisher } from "./publisher.ts";

test("CO-4 what is wanted back while something else is being told is told again, and is not settled before", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rostra-publisher-"));
  const socketPath = join(folder, "stage.sock");
  const heard: string[] = [];
  /** Each lets one request be answered. */
  const held: (() => void)[] = [];
  const server = await listenUnix(
    socketPath,
    async (request, response) => {
      heard.push((await readBody(request, 1000)).toString());
      await new Promise<void>((answer) => held.push(answer));
      response.writeHead(204).end();
    },
    silentLog,
  );
  const link = new Link(socketPath);
  const stop = new AbortController();
  const publisher = new Publisher({
    name: "stage",
    link,
    path: (id) => `/stages/${id}`,
    signal: stop.signal,
    log: silentLog,
    failures: new Meter().counter("failures", "Failures."),
  });
  const [together, alone] = [{ people: ["ana"] }, { people: [] }];
  const answerNext = async (): Promise<void> => {
    await expect.poll(() => held.length).toBe(1);
    held.shift()?.();
  };
  publisher.want("a", together);
  await answerNext();
  await publisher.settled("a");

  publisher.want("a", alone);
  await expect.poll(() => held.length).toBe(1);
  publisher.want("a", together);
  let isSettled = false;
  const settled = publisher.settled("a").then(() => (isSettled = true));
  await answerNext();
  await expect.poll(() => held.length).toBe(1);
  expect(isSettled).toBe(false);
  await answerNext();
  await settled;
  expect(heard.map((text) => JSON.parse(text) as unknown)).toEqual([together, alone, together]);
  stop.abort();
  link.close();
  await closeServer(server, 0);
  await rm(folder, { recursive: true, force: true });
});

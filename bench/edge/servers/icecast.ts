import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { accepts, freePort, Process, serverCore } from "../processes.ts";
import { segmentMs } from "../../../src/wire/timeline.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

const mount = "/bench";
const password = "benchmark";

/** No log of accesses, no pages, as many clients as it can have descriptors for, a burst of two segments to begin with. */
const config = (port: number): string => `<icecast>
  <limits>
    <clients>100000</clients><sources>2</sources><queue-size>524288</queue-size>
    <client-timeout>60</client-timeout><header-timeout>60</header-timeout><source-timeout>10</source-timeout>
    <burst-on-connect>1</burst-on-connect><burst-size>8280</burst-size>
  </limits>
  <authentication>
    <source-password>${password}</source-password><relay-password>${password}</relay-password>
    <admin-user>admin</admin-user><admin-password>${password}</admin-password>
  </authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <mount type="normal"><mount-name>${mount}</mount-name><max-listeners>100000</max-listeners><burst-size>8280</burst-size></mount>
  <fileserve>0</fileserve>
  <paths>
    <basedir>/usr/share/icecast2</basedir><logdir>/dev</logdir>
    <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot>
  </paths>
  <logging><accesslog>null</accesslog><errorlog>-</errorlog><loglevel>1</loglevel></logging>
  <security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>
`;

/** Icecast 2.4 with one mount that gets each segment when it is published. */
export async function startIcecast({ folder, source }: Setting): Promise<Server> {
  const port = await freePort();
  const file = join(folder, "icecast.xml");
  await writeFile(file, config(port));
  const icecast = new Process("icecast2", ["icecast2", "-c", file], { core: serverCore });
  await accepts(port, icecast);
  const feed = connect(port, "127.0.0.1");
  feed.on("error", () => {});
  const login = Buffer.from(`source:${password}`).toString("base64");
  feed.write(
    `PUT ${mount} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${login}\r\nContent-Type: audio/mpeg\r\nIce-Public: 0\r\n\r\n`,
  );
  await accepted(feed);
  const stop = source.onSegment((_, bytes) => feed.write(bytes));
  // So that there is a burst for whoever comes.
  await sleep(2 * segmentMs);
  const end = (): void => {
    stop();
    feed.destroy();
  };
  return serverOf("Icecast", port, [icecast], { ask: { path: mount, flags: ["--anywhere"], http: "1.0" }, end });
}

async function accepted(feed: Socket): Promise<void> {
  const [head] = (await once(feed, "data", { signal: AbortSignal.timeout(5000) })) as [Buffer];
  if (!/^HTTP\/1\.[01] 200/.test(head.toString("latin1")))
    throw new Error(`Icecast refused the source: ${head.toString()}`);
}

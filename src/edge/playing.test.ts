import { BlockList, connect } from "node:net";
import { expect, test } from "vitest";
import { livePaths } from "../wire/paths.ts";
import { Listener, TestEdge, until } from "./edge.test-server.ts";
import type { TestOrigin } from "./origin.test-server.ts";

const open = (origin: TestOrigin): void => origin.open("a", 10);
const head = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;
const stream = livePaths.stream("a", "opus-32k");

/** Somebody who comes from an address of their own and asks one thing after the other. */
const from = (port: number, localAddress: string): Listener =>
  new Listener(connect({ port, host: "127.0.0.1", localAddress }), "");

test("EX-14 an edge says from where people play: endless responses and numbered segments, and not who looks at something else", async () => {
  await using edge = await TestEdge.start({}, open);
  using endless = from(edge.port, "127.7.0.1");
  endless.socket.write(head(stream));
  using numbered = from(edge.port, "127.7.0.2");
  for (let n = 3; n < 10; n++) {
    const before = numbered.bytes;
    numbered.socket.write(head(livePaths.segment("a", "opus-32k", n)));
    await until(() => numbered.bytes > before);
  }
  using looking = from(edge.port, "127.7.0.3");
  looking.socket.write(head(livePaths.state("a")));
  await until(() => looking.bytes > 0 && endless.body.length > 0);
  expect([...edge.edge.playing()].map(String).toSorted()).toEqual(["127.7.0.1", "127.7.0.2"]);
  endless.socket.destroy();
  await until(() => [...edge.edge.playing()].length === 1);
});

test("EX-15 behind a proxy that tells the address with each request, it is not known where an endless response goes", async () => {
  const ranges = new BlockList();
  ranges.addAddress("127.7.0.1");
  await using edge = await TestEdge.start({ trust: { ranges } }, open);
  using proxied = from(edge.port, "127.7.0.1");
  proxied.socket.write(head(stream));
  await until(() => proxied.body.length > 0);
  expect([...edge.edge.playing()]).toEqual([undefined]);
});

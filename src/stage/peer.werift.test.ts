import net from "node:net";
import { expect, test } from "vitest";
import { silentLog } from "../foundation/log.ts";
import { openClient } from "./client.fixture.ts";
import { readOffer } from "./offer.ts";
import { peerContract, until } from "./peer.contract.ts";
import type { PeerState } from "./peer.ts";
import { weriftDriver } from "./peer.werift.ts";

const options = { port: 0, addresses: () => ["127.0.0.1"], log: silentLog };

peerContract("tcp", () => weriftDriver(options));

test("ST-17 a taken TCP port is a problem at the start", async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => void server.listen(0, () => resolve()));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(weriftDriver({ ...options, port })).rejects.toMatchObject({ code: "port-taken" });
  await new Promise<void>((resolve) => void server.close(() => resolve()));
});

test("ST-14 a client whose TCP connection ends is told as a state that ends", async () => {
  const driver = await weriftDriver(options);
  const client = await openClient({ transport: "tcp" });
  const states: PeerState[] = [];
  const events = { onPacket: () => {}, onAlive: () => {}, onState: (state: PeerState) => states.push(state) };
  const peer = await driver.answer(readOffer(client.offer), events);
  await client.accept(peer.answer);
  await until(() => states.includes("connected"));
  await client.close();
  await until(() => states.includes("failed") || states.includes("closed"));
  peer.close();
  await driver.close();
});

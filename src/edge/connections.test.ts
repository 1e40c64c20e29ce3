import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { expect, test } from "vitest";
import { Connections, idleAfterMs, leastIdleMs } from "./connections.ts";

/** Counts its connections, and drops what is above its cap, as `net.Server` does. */
class CountingServer extends EventEmitter {
  readonly sockets = new Set<Client>();
  maxConnections = Infinity;

  getConnections(done: (error: undefined, count: number) => void): void {
    done(undefined, this.sockets.size);
  }

  connect(): Client {
    const client = new Client(this);
    if (this.sockets.size >= this.maxConnections) this.emit("drop");
    else {
      this.sockets.add(client);
      this.emit("connection", client);
    }
    return client;
  }
}

class Client extends EventEmitter {
  readonly #server: CountingServer;

  constructor(server: CountingServer) {
    super();
    this.#server = server;
  }

  get isIn(): boolean {
    return this.#server.sockets.has(this);
  }

  destroy(): void {
    this.#server.sockets.delete(this);
    this.emit("close");
  }
}

test("ED-102 as long as newcomers are refused idle connections make room sooner, and have their time again afterwards", async () => {
  const counts = { connectionsRefused: 0, idleCloses: 0, pipelineOverflow: 0 };
  const connections = new Connections({ counts, most: 100 });
  const server = new CountingServer();
  connections.watch(server as unknown as Server, "connection");
  let now = 0;
  const lookEveryMs = 250;
  const look = async (): Promise<void> => connections.sweep((now += lookEveryMs));
  await look();

  // So many come to say nothing that all places are taken long before three seconds are over, over and over.
  const refusedAt: number[] = [];
  for (const until = now + 10_000; now < until; await look()) {
    for (let i = 0; i < 18; i++) server.connect();
    if (!server.connect().isIn) refusedAt.push(now);
  }
  expect(refusedAt.length).toBeGreaterThan(0);
  // Three seconds each would be 240 connections; three quarters of one are 60.
  expect(Math.max(...refusedAt)).toBeLessThan(idleAfterMs + 1000);
  expect(counts.idleCloses).toBeGreaterThan(500);

  // Nobody comes any more: those who are there have their three seconds again once there is room.
  for (let i = 0; i < 20; i++) await look();
  for (const client of server.sockets) client.destroy();
  for (let i = 0; i < 4; i++) await look();
  const quiet = Array.from({ length: 95 }, () => server.connect());
  const began = now;
  while (now - began < idleAfterMs - lookEveryMs) {
    await look();
    expect(quiet.filter(({ isIn }) => !isIn)).toEqual([]);
  }
  for (let i = 0; i < 3; i++) await look();
  expect(quiet.filter(({ isIn }) => !isIn).length).toBeGreaterThan(0);
  expect(leastIdleMs).toBeLessThan(idleAfterMs);
});

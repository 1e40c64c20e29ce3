import { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { Connections, idleAfterMs, leastIdleMs, maxPipelined, maxPipelinedInRush } from "./connections.ts";

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

test("ED-104 in a rush fewer requests may wait on one connection, and whoever sends more is told of", () => {
  const counts = { connectionsRefused: 0, idleCloses: 0, pipelineOverflow: 0 };
  const closed: unknown[] = [];
  const connections = new Connections({ counts, onOverflow: (socket) => closed.push(socket) });
  const server = new CountingServer();
  connections.watch(server as unknown as Server, "connection");
  const pipelined = (isRush: boolean): { socket: Client; taken: number } => {
    const socket = server.connect();
    const ask = (): boolean => {
      const response = Object.assign(new EventEmitter(), { socket: null });
      return connections.asked({ socket } as unknown as IncomingMessage, response as unknown as ServerResponse, isRush);
    };
    let taken = 0;
    while (taken < 100 && ask()) taken++;
    return { socket, taken };
  };
  const calm = pipelined(false);
  const rush = pipelined(true);
  expect([calm.taken, rush.taken]).toEqual([maxPipelined, maxPipelinedInRush]);
  expect([calm.socket.isIn, rush.socket.isIn]).toEqual([false, false]);
  expect(closed).toEqual([calm.socket, rush.socket]);
  expect(counts.pipelineOverflow).toBe(2);
});

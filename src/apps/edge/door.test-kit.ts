import { expect } from "vitest";
import { SeatDoor } from "../../door/door.ts";
import { type Answer, type Listener, TestEdge, until } from "../../edge/edge.test-server.ts";
import type { EdgeOptions } from "../../edge/server.ts";
import { livePaths } from "../../wire/paths.ts";
import type { LiveState, ServiceLevel } from "../../wire/state.ts";
import type { Place } from "../../wire/tickets.ts";

export const stream = livePaths.stream("a", "opus-32k");
export const segment = (n: number): string => livePaths.segment("a", "opus-32k", n);
export const post = { method: "POST" };
export const code = ({ body }: Answer): string => (JSON.parse(body.toString()) as { code: string }).code;
export const placed = ({ status, body }: Answer): Place => {
  expect(status).toBe(200);
  return JSON.parse(body.toString()) as Place;
};
export const seatIn = ({ head }: Listener): string => /^rostra-seat: (\S+)$/m.exec(head)?.[1] ?? "";
export const nonceOf = (ticket: string): string => Buffer.from(ticket, "base64url").toString("hex", 14, 22);

/** An edge with a door, whose level and free seats are set by hand; Space a plays. */
export async function start(state: Partial<LiveState> = {}, options: Partial<EdgeOptions> = {}) {
  const level: { now: ServiceLevel; seats: number } = { now: 0, seats: 1000 };
  const key = Buffer.alloc(32, 5);
  const clock = { ahead: 0 };
  const door = new SeatDoor({ key, now: () => Date.now() + clock.ahead });
  const levels: EdgeOptions["levels"] = {
    of: () => level.now,
    get own() {
      return level.now;
    },
    cause: "calm",
    get seats() {
      return level.seats;
    },
  };
  const edge = await TestEdge.start({ door: () => door, levels, ...options }, (origin) => {
    origin.open("a", 30, { startAt: Date.now() - 3_600_000, ...state });
    origin.open("b", 30);
  });
  const listen = async (path = stream, userAgent = "one"): Promise<Listener> => {
    const client = edge.raw(`GET ${path} HTTP/1.1\r\nHost: here\r\nUser-Agent: ${userAgent}\r\n\r\n`);
    await until(() => client.head !== "", "a head");
    return client;
  };
  return { edge, door, level, key, clock, listen, held: () => edge.metric("rostra_edge_seats_held") };
}
/** How many places in a's line the edge has told its origin of. */
export const placesTold = (edge: TestEdge): number =>
  edge.origin.audiences.flatMap(({ line }) => line?.["a"]?.places ?? []).reduce((sum, [, count]) => sum + count, 0);
export const as = (userAgent: string) => ({ headers: { "user-agent": userAgent } });
export const statusOf = (client: Listener): number => Number(client.head.split(" ")[1]);

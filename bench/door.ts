/**
 * `node bench/door.ts`: what the door costs. How long a ticket takes to be written, read and refused; and the processor time
 * of joining `stream.mp4` at an edge that gives each listener a seat, and at one that does not, by turns. --runs, --each; --json.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { SeatDoor } from "../src/door/door.ts";
import { Tickets } from "../src/door/ticket.ts";
import { DoorSeats } from "../src/edge/door-seats.ts";
import { TestEdge } from "../src/edge/edge.test-server.ts";
import { putSeat, withSeat } from "../src/edge/stream-head.ts";
import { figures, option, print } from "./figures.ts";

/** A source address keeps few connections: each waits a minute after it was closed. */
const perAddress = 1000;
let opened = 0;
const source = (): string => `127.0.0.${2 + (Math.floor(opened++ / perAddress) % 200)}`;
const stream = "GET /live/demo/opus-32k/stream.mp4 HTTP/1.1\r\nhost: here\r\n\r\n";
/** How many join at once. */
const abreast = 20;
const tries = 20_000;

if (process.argv[2] === "server") await serve(process.argv[3] === "seats");
else await measure();

async function serve(givesSeats: boolean): Promise<void> {
  const door = (now: () => number): SeatDoor => new SeatDoor({ key: randomBytes(32), now });
  const edge = await TestEdge.start(givesSeats ? { door } : {}, (origin) => {
    origin.open("demo", 100);
    for (let i = 0; i < 9; i++) origin.publishChunk("demo");
  });
  process.on("message", () => process.send?.(process.cpuUsage()));
  process.on("disconnect", () => process.exit());
  process.send?.(edge.port);
}

function told<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once("message", (value) => resolve(value as T)));
}

async function measure(): Promise<void> {
  const [runs, each] = [option("runs", 5), option("each", 1000)];
  const measured = new Map<string, number[]>();
  const note = (what: string, value: number): void => void measured.set(what, [...(measured.get(what) ?? []), value]);
  const edges = await Promise.all(
    ["seats", "none"].map(async (kind) => {
      const child = fork(import.meta.filename, ["server", kind]);
      return { kind, child, port: await told<number>(child) };
    }),
  );
  try {
    for (let run = -1; run < runs; run++) {
      const cost = new Map<string, number>();
      // Whoever is first pays for what the machine was doing.
      for (const { kind, child, port } of run % 2 === 0 ? edges : edges.toReversed()) {
        const before = await used(child);
        let left = each;
        const worker = async (): Promise<void> => {
          while (left-- > 0) await join(port);
        };
        await Promise.all(Array.from({ length: abreast }, worker));
        cost.set(kind, ((await used(child)) - before) / each);
      }
      const tickets = timeTickets();
      if (run < 0) continue; // the first is the compiler's
      for (const [what, micros] of tickets) note(what, micros);
      note("joining stream.mp4 with its connection, no seat", cost.get("none") ?? 0);
      note("joining stream.mp4 with its connection, a seat given", cost.get("seats") ?? 0);
    }
  } finally {
    for (const { child } of edges) child.disconnect();
  }
  const rows = [...measured].map(([what, values]) => ({
    what,
    unit: "µs of a core",
    target: "",
    value: figures(values),
    digits: 1,
  }));
  print(`node bench/door.ts --runs ${runs} --each ${each}`, rows);
}

async function used(child: ChildProcess): Promise<number> {
  child.send("usage");
  const { user, system } = await told<NodeJS.CpuUsage>(child);
  return user + system;
}

/** Microseconds for one ticket, by what is done with it. */
function timeTickets(): [what: string, micros: number][] {
  const tickets = new Tickets(randomBytes(32));
  const at = Math.floor(Date.now() / 1000);
  const seat = tickets.write({ kind: "seat", space: "demo", at, nonce: tickets.nonce() });
  const time = (what: string, work: () => void): [string, number] => {
    const before = process.cpuUsage();
    for (let i = 0; i < tries; i++) work();
    const { user, system } = process.cpuUsage(before);
    return [what, (user + system) / tries];
  };
  const read = (what: string, text: string, space = "demo"): [string, number] =>
    time(what, () => void tickets.read(text, "seat", space, at));
  const flipped = `${seat.slice(0, -1)}${seat.endsWith("A") ? "B" : "A"}`;
  const door = new SeatDoor({ key: randomBytes(32), now: Date.now });
  const held = new DoorSeats();
  const own = withSeat(Buffer.alloc(8000), 300, seat);
  const seated = (): void => {
    const socket = {} as Socket;
    const { seat: given, nonce } = door.give("demo");
    held.take(nonce, socket);
    putSeat(own, 300, given);
    held.left(socket);
  };
  return [
    time("a listener's seat: given, noted, put into the head, left", seated),
    time("a ticket written", () => void tickets.write({ kind: "seat", space: "demo", at, nonce: tickets.nonce() })),
    read("a ticket read", seat),
    read("one of another Space refused", seat, "other"),
    read("one with a bit flipped refused", flipped),
    read("100 letters refused", "A".repeat(100)),
    read("a JWT refused", "eyJhbGciOiJub25lIn0.eyJzcGFjZSI6ImRlbW8ifQ."),
  ];
}

/** One listener, who leaves with the first bytes. */
function join(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress: source() });
    socket.once("data", () => socket.destroy());
    socket.on("close", () => resolve());
    socket.on("error", reject);
    socket.write(stream);
  });
}

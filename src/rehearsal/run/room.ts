import { Problem } from "../../foundation/errors.ts";
import { maxListeners, maxProcesses } from "./question.ts";

/** What the machine that rehearses has, and what of the target's is known. */
export interface MachineRoom {
  readonly cores: number;
  /** Descriptors that one process may have. */
  readonly descriptors: number;
  /** Local ports of one source address, for each destination. */
  readonly ports: number;
  /** Bytes that are free. */
  readonly memory: number;
  /** The target's processes that take connections, when they run on this machine: how many descriptors each may have. */
  readonly server: readonly number[] | undefined;
}

/** What a run wants of it. */
export interface Wish {
  readonly listeners: number;
  readonly attacks: number;
  readonly tls: boolean;
  /** As it was asked for. @default as many as it takes */
  readonly processes?: number | undefined;
  /** Source addresses that there are; 0: the system's choice, which is one. @default as many as it takes */
  readonly sources?: number | undefined;
}

/** How a run is spread over processes and source addresses. */
export interface Spread {
  readonly processes: number;
  readonly sources: number;
  /** Connections that each process may hold. */
  readonly most: number;
}

/** Descriptors of a swarm's process for files, the runtime, and references that it compares with. */
const ownReserve = 512;
/** What an edge keeps of its own for other things (`src/apps/edge/descriptors.ts`). */
const serverReserve = 320;
/** Listeners that one source address has when nobody says which: more make the kernel search long for a free port. */
export const usualPerSource = 2000;
/** Listeners that one process is given when there are cores for more. */
const usualPerProcess = 2500;
/** Bytes of a listener in the swarm, in the server with the kernel of both sides, and with TLS: twice what was seen, since what does not fit ends a run. */
const [listenerBytes, serverBytes, tlsBytes] = [16 * 1024, 16 * 1024, 48 * 1024] as const;
const processBytes = 96 * 1024 ** 2;
/** What is left to everything else. */
const memoryShare = 0.9;

/** One thing that there is only so much of: how many listeners it holds, and how there is more of it. */
interface Bound {
  readonly what: string;
  readonly fits: number;
  readonly raise: string;
}

/**
 * Spreads the listeners over processes and source addresses.
 * @throws Problem `rehearsal-too-large` naming what there is too little of, how many would fit, and how to raise it
 */
export function spread(wish: Wish, room: MachineRoom): Spread {
  const most = Math.max(1, room.descriptors - ownReserve);
  const needed = Math.ceil(wish.listeners / most);
  const wanted = Math.min(room.cores, Math.ceil(wish.listeners / usualPerProcess));
  const processes = wish.processes ?? Math.min(maxProcesses, Math.max(1, needed, wanted));
  const sources = wish.sources ?? Math.ceil(wish.listeners / usualPerSource);
  const bounds = boundsOf(wish, room, processes, wish.sources === undefined ? undefined : sources);
  const fits = Math.max(0, Math.min(...bounds.map((one) => one.fits)));
  if (wish.listeners <= fits) return { processes, sources, most };
  const short = bounds.filter((one) => one.fits < wish.listeners).toSorted((a, b) => a.fits - b.fits);
  throw new Problem({
    status: 400,
    code: "rehearsal-too-large",
    title: "This machine does not hold that many listeners",
    detail: `${number(wish.listeners)} listeners were asked for, and ${number(fits)} would fit: ${short.map(({ what }) => what).join("; ")}.`,
    action: `Ask for ${number(fits)}, or ${short.map(({ raise }) => raise).join("; and ")}.`,
  });
}

const number = (n: number): string => n.toLocaleString("en");

function boundsOf(wish: Wish, room: MachineRoom, processes: number, sources: number | undefined): Bound[] {
  const { descriptors, ports, server } = room;
  const most = Math.max(0, descriptors - ownReserve);
  const each = listenerBytes + (server ? serverBytes : 0) + (wish.tls ? tlsBytes * (server ? 2 : 1) : 0);
  const memory = room.memory * memoryShare - (processes + wish.attacks) * processBytes;
  const bounds: Bound[] = [
    { what: `a run has at most ${number(maxListeners)}`, fits: maxListeners, raise: "run from several machines" },
    {
      what: `each of ${processes} processes may have ${number(descriptors)} descriptors`,
      fits: most * processes,
      raise: `raise \`ulimit -n\`, or take more processes (--processes, at most ${maxProcesses})`,
    },
    {
      what: `${number(Math.round(room.memory / 1024 ** 2))} MiB of memory are free, and a listener takes about ${each / 1024} KiB`,
      fits: Math.max(0, Math.floor(memory / each)),
      raise: "take a machine with more memory",
    },
  ];
  if (sources !== undefined)
    bounds.push({
      what: `${sources === 0 ? "the one source address has" : `each of ${sources} source addresses has`} ${number(ports)} ports`,
      fits: ports * Math.max(1, sources),
      raise: "give more source addresses (--sources)",
    });
  if (server && server.length > 0)
    bounds.push({
      what: `the server's ${server.length === 1 ? "process" : `${server.length} processes`} here may have ${number(server.reduce((sum, one) => sum + one, 0))} descriptors`,
      fits: server.reduce((sum, one) => sum + Math.max(0, one - serverReserve), 0),
      raise: "start the server with a higher `ulimit -n` (LimitNOFILE= in systemd) or with more --edges",
    });
  return bounds;
}

/** One run that the model is held against. */
export interface Cell {
  readonly listeners: number;
  readonly shape: "flash" | "ramp";
  readonly tls: boolean;
  readonly workers: number;
  /** How long they come, seconds. */
  readonly over: number;
  /** Share of them that opens the page first. */
  readonly pageShare: number;
}

/**
 * How long they come, seconds: so that one core that serves and one that asks can bear it, since what the swarm itself cannot
 * ask in time is nothing to hold a model against, and so that 200 probes come meanwhile. The larger TLS runs come close to what a core does.
 */
const sizes = [
  { listeners: 1000, pageShare: 1, plain: { flash: 10, ramp: 9 }, tls: { flash: 12, ramp: 10 } },
  { listeners: 5000, pageShare: 1, plain: { flash: 30, ramp: 12 }, tls: { flash: 36, ramp: 20 } },
  { listeners: 20_000, pageShare: 0, plain: { flash: 30, ramp: 30 }, tls: { flash: 150, ramp: 90 } },
] as const;
/** Of one process, which has 20,000 descriptors. */
const mostOfOne = 19_000;

/** All runs: those of `rostra calibrate` are not among them. */
export const all: readonly Cell[] = sizes.flatMap(({ listeners, pageShare, ...spans }) =>
  (["flash", "ramp"] as const).flatMap((shape) =>
    (["plain", "tls"] as const).flatMap((way) =>
      [1, 4].map((workers) => ({
        listeners: workers === 1 ? Math.min(listeners, mostOfOne) : listeners,
        shape,
        tls: way === "tls",
        workers,
        over: spans[way][shape],
        pageShare,
      })),
    ),
  ),
);

/**
 * 20,000 over TLS: their 40,000 handshakes take half a minute of a core that plays to them besides, at the server as in the swarm. So they come
 * over minutes, and the four such runs take nearly as long as all the others together.
 */
const isLong = ({ listeners, tls }: Cell): boolean => tls && listeners > 10_000;

/** The runs that are made when no others are asked for. */
export const cells: readonly Cell[] = all.filter((one) => !isLong(one));

export const cellName = ({ listeners, shape, tls, workers, over }: Cell): string =>
  `${listeners.toLocaleString("en")} listeners, ${shape} over ${over} s, ${tls ? "TLS" : "plain"}, ${workers === 1 ? "one worker" : `${workers} workers`}`;

/** The same with so many times fewer listeners in so many times less time, to see that it works. */
export const shortened = (cell: Cell, by: number): Cell =>
  by === 1
    ? cell
    : { ...cell, listeners: Math.ceil(cell.listeners / by), over: Math.max(3, Math.ceil(cell.over / by)) };

/** Reads `1000,flash,plain,1`: parts that are not said are all. Those that take long are among them when both of `20000,TLS` are said. */
export function chosen(only: string | undefined, from: readonly Cell[] = cells): readonly Cell[] {
  const parts = (only ?? "").toLowerCase().split(",").filter(Boolean);
  const isLongToo = ["20000", "tls"].every((part) => parts.includes(part));
  const found = (isLongToo ? all : from).filter((one) => parts.every((part) => matches(one, part)));
  if (found.length === 0) throw new Error(`--only ${only} is none of the runs; it takes such as 1000,flash,plain,1`);
  return found;
}

function matches({ listeners, shape, tls, workers }: Cell, part: string): boolean {
  if (part === "flash" || part === "ramp") return shape === part;
  if (part === "tls" || part === "plain") return tls === (part === "tls");
  const value = Number(part);
  if (value < 100) return workers === value;
  return listeners === value || (value === 20_000 && listeners === mostOfOne);
}

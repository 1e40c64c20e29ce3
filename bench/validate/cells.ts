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
 * ask in time is nothing to hold a model against. The larger TLS runs come close to what a core does.
 */
const spans: Readonly<
  Record<string, readonly [plainFlash: number, plainRamp: number, tlsFlash: number, tlsRamp: number]>
> = {
  1000: [8, 8, 12, 10],
  5000: [20, 15, 40, 25],
  20000: [30, 25, 60, 50],
};
/** Of one process, which has 20,000 descriptors. */
const mostOfOne = 19_000;

function cell(thousands: number, shape: Cell["shape"], tls: boolean, workers: number): Cell {
  const [plainFlash = 10, plainRamp = 10, tlsFlash = 10, tlsRamp = 10] = spans[thousands] ?? [];
  const over = shape === "flash" ? (tls ? tlsFlash : plainFlash) : tls ? tlsRamp : plainRamp;
  const listeners = workers === 1 ? Math.min(thousands, mostOfOne) : thousands;
  return { listeners, shape, tls, workers, over, pageShare: thousands > 5000 ? 0 : 1 };
}

/** All runs: those of `rostra calibrate` are not among them. */
export const cells: readonly Cell[] = [1000, 5000, 20_000].flatMap((listeners) =>
  (["flash", "ramp"] as const).flatMap((shape) =>
    [false, true].flatMap((tls) => [1, 4].map((workers) => cell(listeners, shape, tls, workers))),
  ),
);

export const cellName = ({ listeners, shape, tls, workers, over }: Cell): string =>
  `${listeners.toLocaleString("en")} listeners, ${shape} over ${over} s, ${tls ? "TLS" : "plain"}, ${workers === 1 ? "one worker" : `${workers} workers`}`;

/** Reads `1000,flash,plain,1`: parts that are not said are all. */
export function chosen(only: string | undefined): readonly Cell[] {
  const parts = (only ?? "").split(",").filter(Boolean);
  const found = cells.filter((one) => parts.every((part) => matches(one, part)));
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

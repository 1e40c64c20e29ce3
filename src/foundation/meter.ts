/**
 * Metrics of one process, written as Prometheus text exposition format 0.0.4. Names start with `rostra_` and end with
 * their unit (`_total`, `_bytes`, `_seconds`). Labels are few and bounded: never a listener, never a free text.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(by?: number, labels?: Labels): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Drops one labelled value, when what it counted is gone. */
  remove(labels: Labels): void;
}
export interface Histogram {
  /** One observation, in the unit of the name. */
  observe(value: number, labels?: Labels): void;
}

interface Series {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  lines(): Iterable<string>;
}

const text = (labels: Labels, extra?: string): string => {
  const pairs = Object.entries(labels).map(
    ([k, v]) => `${k}="${v.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`,
  );
  if (extra) pairs.push(extra);
  return pairs.length ? `{${pairs.join(",")}}` : "";
};

/** Default histogram bounds, for durations in seconds. */
export const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export class Meter {
  readonly #series = new Map<string, Series>();
  readonly #collect: (() => void)[] = [];

  /** Called before each exposition, to set gauges that are cheap to read late. */
  onCollect(run: () => void): void {
    this.#collect.push(run);
  }

  counter(name: string, help: string): Counter {
    const values = new Map<string, number>([]);
    this.#add({ name, help, kind: "counter", lines: () => [...values].map(([l, v]) => `${name}${l} ${v}`) });
    values.set("", 0);
    return {
      add: (by = 1, labels = {}) => {
        const key = text(labels);
        if (key !== "") values.delete("");
        values.set(key, (values.get(key) ?? 0) + by);
      },
    };
  }

  gauge(name: string, help: string): Gauge {
    const values = new Map<string, number>();
    this.#add({ name, help, kind: "gauge", lines: () => [...values].map(([l, v]) => `${name}${l} ${v}`) });
    return {
      set: (value, labels = {}) => void values.set(text(labels), value),
      remove: (labels) => void values.delete(text(labels)),
    };
  }

  histogram(name: string, help: string, bounds: readonly number[] = durationBounds): Histogram {
    const all = new Map<string, { labels: Labels; counts: number[]; sum: number; count: number }>();
    this.#add({
      name,
      help,
      kind: "histogram",
      lines: function* () {
        for (const [key, one] of all) {
          for (const [i, bound] of bounds.entries())
            yield `${name}_bucket${text(one.labels, `le="${bound}"`)} ${one.counts[i]}`;
          yield `${name}_bucket${text(one.labels, 'le="+Inf"')} ${one.count}`;
          yield `${name}_sum${key} ${one.sum}`;
          yield `${name}_count${key} ${one.count}`;
        }
      },
    });
    return {
      observe: (value, labels = {}) => {
        const key = text(labels);
        let one = all.get(key);
        if (!one) all.set(key, (one = { labels, counts: bounds.map(() => 0), sum: 0, count: 0 }));
        for (const [i, bound] of bounds.entries()) if (value <= bound) one.counts[i] = (one.counts[i] ?? 0) + 1;
        one.sum += value;
        one.count++;
      },
    };
  }

  /** The exposition, ending in a newline. */
  expose(): string {
    for (const run of this.#collect) run();
    let out = "";
    for (const one of this.#series.values()) {
      out += `# HELP ${one.name} ${one.help}\n# TYPE ${one.name} ${one.kind}\n`;
      for (const line of one.lines()) out += `${line}\n`;
    }
    return out;
  }

  #add(series: Series): void {
    if (this.#series.has(series.name)) throw new Error(`metric ${series.name} is registered twice`);
    this.#series.set(series.name, series);
  }
}

import { Link } from "../../foundation/link.ts";

/** A process whose exposition is part of the whole. */
export interface MetricsSource {
  readonly name: string;
  readonly socketPath: string;
}

interface Family {
  head: string[];
  lines: string[];
}

/**
 * Merges expositions (Prometheus text format 0.0.4) into one: each sample gains a `process` label, and each family's
 * HELP and TYPE stand once.
 */
export function mergeExpositions(parts: readonly { readonly process: string; readonly text: string }[]): string {
  const families = new Map<string, Family>();
  for (const { process: name, text } of parts) {
    let family: Family = { head: [], lines: [] };
    for (const line of text.split("\n")) {
      const head = /^# (HELP|TYPE) (\S+)/.exec(line);
      if (head) {
        const key = head[2] ?? "";
        family = families.get(key) ?? { head: [], lines: [] };
        families.set(key, family);
        if (!family.head.some((one) => one.startsWith(`# ${head[1]} `))) family.head.push(line);
      } else if (line !== "" && !line.startsWith("#")) family.lines.push(labelled(line, name));
    }
  }
  return [...families.values()].map((one) => `${[...one.head, ...one.lines].join("\n")}\n`).join("");
}

function labelled(line: string, name: string): string {
  const label = `process="${name}"`;
  const brace = line.indexOf("{");
  if (brace >= 0) return `${line.slice(0, brace + 1)}${label},${line.slice(brace + 1)}`;
  const space = line.indexOf(" ");
  return `${line.slice(0, space)}{${label}}${line.slice(space)}`;
}

/** Reads all sources at once; one that does not answer within a second is told by `rostra_up` 0. */
export async function collectMetrics(sources: readonly MetricsSource[], own: string): Promise<string> {
  const parts = await Promise.all(
    sources.map(async ({ name, socketPath }) => {
      const link = new Link(socketPath, 1);
      try {
        const answer = await link.request({ path: "/metrics", timeoutMs: 1000 });
        return { process: name, text: answer.status === 200 ? up(1) + answer.body.toString("utf8") : up(0) };
      } catch {
        return { process: name, text: up(0) };
      } finally {
        link.close();
      }
    }),
  );
  return mergeExpositions([{ process: "supervisor", text: up(1) + own }, ...parts]);
}

const up = (value: 0 | 1): string =>
  `# HELP rostra_up Whether the process answers.\n# TYPE rostra_up gauge\nrostra_up ${value}\n`;

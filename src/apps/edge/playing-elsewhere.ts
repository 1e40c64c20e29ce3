import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { countPlaying, type Playing } from "../../exports/playing.ts";
import { parsePrefix, type Prefix } from "../../exports/prefix.ts";
import { errno } from "../../foundation/errors.ts";
import { Link } from "../../foundation/link.ts";

/** Prefixes that are asked for at once. */
const maxAsked = 256;
const answeredWithinMs = 2000;

/** What one edge process tells another of who plays: `GET /playing?in=PREFIX,…` of its admin socket. */
interface PlayingAnswer {
  readonly all: number;
  readonly unknown: number;
  readonly hits: Readonly<Record<string, number>>;
}

/** Answers it; what is no prefix is left out. */
export async function playingAnswer(
  addresses: Iterable<string | undefined>,
  query: URLSearchParams,
): Promise<PlayingAnswer> {
  const asked = (query.get("in") ?? "").split(",").slice(0, maxAsked);
  const prefixes = asked.flatMap((text) => parsePrefix(text) ?? []);
  const { all, unknown, hits } = await countPlaying(addresses, prefixes);
  return { all, unknown, hits: Object.fromEntries(hits) };
}

/**
 * Who plays on the other edge processes of this machine, whose sockets are in the same folder. Throws when one of them is there and does not say:
 * then nobody can know whom a rule would hit.
 */
export async function playingElsewhere(run: string, own: string, prefixes: readonly Prefix[]): Promise<Playing[]> {
  const names = (await readdir(run)).filter((name) => /^edge-\d+(?:\.\d+)?\.sock$/.test(name));
  const others = names.map((name) => join(run, name)).filter((path) => path !== own);
  const answers = await Promise.all(others.map((path) => asked(path, prefixes)));
  return answers.filter((answer) => answer !== undefined);
}

async function asked(path: string, prefixes: readonly Prefix[]): Promise<Playing | undefined> {
  const link = new Link(path, 1);
  try {
    const query = prefixes.map(({ text }) => text).join(",");
    const answer = await link.json<PlayingAnswer>({ path: `/playing?in=${query}`, timeoutMs: answeredWithinMs });
    return { ...answer, hits: new Map(Object.entries(answer.hits)) };
  } catch (thrown) {
    // One that was killed leaves its socket behind, and nobody plays there.
    if (errno(thrown) === "ECONNREFUSED" || errno(thrown) === "ENOENT") return undefined;
    throw thrown;
  } finally {
    link.close();
  }
}

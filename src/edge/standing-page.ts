import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { LiveText } from "../wire/live-text.ts";
import { calendar } from "../wire/calendar.ts";
import { pageOf, pagePaths } from "../wire/pages.ts";
import type { Directory, SpaceEntry } from "./directory.ts";
import type { LiveTexts } from "./live-texts.ts";
import type { PageFileBytes } from "./page-files.ts";
import { acceptsGzip, sendWhole } from "./respond.ts";
import type { Levels } from "./service-level.ts";
import { standingHtml } from "./standing-html.ts";

/** Milliseconds for which one page is given to everybody. */
export const standingFreshMs = 1000;
/** How long the page waits for the text before it does with the last one, ms. */
const textPatienceMs = 300;
/** After how many seconds the page is loaded again: somewhere in this, drawn for each making. */
export const renewSeconds: readonly [from: number, to: number] = [20, 40];
/** The level from which on it stands in place of the Space's page. */
export const staticLevel = 4;

/** The languages of the pages, by their built words (`standing/{language}.json`). */
type Words = ReadonlyMap<string, Readonly<Record<string, string>>>;

export interface StandingOptions {
  /** The built pages. Without the words among them there are no such pages. */
  readonly files: ReadonlyMap<string, PageFileBytes>;
  readonly directory: Directory;
  readonly levels: Levels;
  readonly texts: LiveTexts;
  readonly now: () => number;
  /** The origin that whoever asks uses for this server, `https://host`. */
  readonly origin: (request: IncomingMessage) => string;
}

interface Made {
  readonly plain: Buffer;
  readonly gzip: Buffer;
}
interface Kept {
  made: Made | undefined;
  at: number;
  coming: Promise<Made> | undefined;
}

/**
 * What newcomers get at level 4 in place of a Space's page: one object per Space and language, without any script and
 * without anything that it would ask for, made from state and text at most once a second. `?go` gives the page itself, for
 * those who were listening and have a seat: an address needs no cookie, is the same for everybody and can be cached, and who
 * takes it without a seat stands in line there, which costs no more than the page's files. `?still` does not renew itself;
 * `?ics`, at every level, is the Space for a calendar.
 */
export class StandingPages {
  readonly #options: StandingOptions;
  readonly #words: Words;
  readonly #style: string;
  readonly #policy: string;
  readonly #kept = new WeakMap<SpaceEntry, Map<string, Kept>>();

  constructor(options: StandingOptions) {
    this.#options = options;
    this.#words = wordsOf(options.files);
    this.#style = options.files.get("/standing/style.css")?.plain.toString("utf8").trim() ?? "";
    this.#policy = [
      "default-src 'none'",
      `style-src 'sha256-${hash("sha256", this.#style, "base64")}'`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
    ].join("; ");
  }

  /** Answers GET and HEAD of a page's path when this is what stands there now; else false, and nothing is answered. */
  handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): boolean {
    if (pageOf(path) !== "space.html") return false;
    const entry = this.#options.directory.find(path.split("/")[2] ?? "");
    if (!entry) return false;
    const asked = new Set(query.split("&"));
    if (asked.has("ics")) return this.#calendar(request, response, entry);
    if (this.#options.levels.of(entry.state.id) < staticLevel) return false;
    const { status } = entry.state;
    // Before it and afterwards nobody needs a seat.
    if (status !== "lobby" && status !== "live") return false;
    const language = this.#language(asked, request.headers["accept-language"] ?? "");
    if (language === undefined || asked.has("go") || asked.has("go=")) return false;
    void this.#page(entry, language, asked.has("still")).then((made) => {
      const zipped = acceptsGzip(request);
      sendWhole(response, zipped ? made.gzip : made.plain, {
        "content-type": "text/html; charset=utf-8",
        "content-language": language,
        "cache-control": "public, max-age=1",
        vary: "accept-language, accept-encoding",
        "content-security-policy": this.#policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-opener-policy": "same-origin",
        ...(zipped ? { "content-encoding": "gzip" } : {}),
      });
    });
    return true;
  }

  /** The same as control's, whose API answers nobody new at that level; a later one of control's replaces it. */
  #calendar(request: IncomingMessage, response: ServerResponse, { state }: SpaceEntry): true {
    const { origin, now } = this.#options;
    const at = origin(request);
    const text = calendar({
      uid: `${state.id}@${new URL(at).hostname}`,
      sequence: 0,
      title: state.title,
      description: state.description,
      url: `${at}${pagePaths.space(state.slug)}`,
      startAt: state.startAt,
      endAt: state.endedAt,
      cancelled: state.status === "cancelled",
      now: now(),
    });
    sendWhole(response, Buffer.from(text), {
      "content-type": "text/calendar; charset=utf-8",
      "content-disposition": `attachment; filename="${state.slug}.ics"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    return true;
  }

  /** The language of `?lang=`, or the first of the browser's that there is. */
  #language(asked: ReadonlySet<string>, accepted: string): string | undefined {
    const all = [...this.#words.keys()];
    const wanted = accepted
      .slice(0, 200)
      .toLowerCase()
      .split(",")
      .map((one) => {
        const [tag = "", quality = ""] = one.trim().split(/\s*;\s*q=/);
        return { tag: tag.split("-")[0] ?? "", quality: quality === "" ? 1 : Number(quality) || 0 };
      })
      .filter(({ tag, quality }) => quality > 0 && this.#words.has(tag))
      .toSorted((a, b) => b.quality - a.quality);
    return all.find((one) => asked.has(`lang=${one}`)) ?? wanted[0]?.tag ?? all.find((one) => one === "en") ?? all[0];
  }

  /** The page as it is now. Never rejects. */
  async #page(entry: SpaceEntry, language: string, still: boolean): Promise<Made> {
    let pages = this.#kept.get(entry);
    if (!pages) this.#kept.set(entry, (pages = new Map()));
    const key = `${language} ${still}`;
    let kept = pages.get(key);
    if (!kept) pages.set(key, (kept = { made: undefined, at: -Infinity, coming: undefined }));
    if (kept.made && performance.now() - kept.at < standingFreshMs) return kept.made;
    const page = kept;
    page.coming ??= this.#make(entry, language, still).then((made) => {
      page.made = made;
      page.at = performance.now();
      page.coming = undefined;
      return made;
    });
    return page.coming;
  }

  async #make(entry: SpaceEntry, language: string, still: boolean): Promise<Made> {
    const { texts, now } = this.#options;
    // Nobody waits for the text: at this level everything may be slow.
    await Promise.race([texts.of(entry), sleep(textPatienceMs)]);
    const [from, to] = renewSeconds;
    const html = standingHtml({
      state: entry.state,
      lines: linesOf(texts.last(entry)),
      now: now(),
      words: this.#words.get(language) ?? {},
      language,
      languages: [...this.#words.keys()],
      style: this.#style,
      renewAfter: still ? undefined : from + Math.floor(Math.random() * (to - from + 1)),
    });
    const plain = Buffer.from(html);
    return { plain, gzip: gzipSync(plain, { level: 6 }) };
  }
}

function wordsOf(files: ReadonlyMap<string, PageFileBytes>): Words {
  const words = new Map<string, Readonly<Record<string, string>>>();
  for (const [path, { plain }] of files) {
    const language = /^\/standing\/([a-z]{2,3})\.json$/.exec(path)?.[1];
    if (language === undefined) continue;
    const read = JSON.parse(plain.toString("utf8")) as Record<string, unknown>;
    const texts = Object.entries(read).filter((one): one is [string, string] => typeof one[1] === "string");
    words.set(language, Object.fromEntries(texts));
  }
  return words;
}

function linesOf(text: Buffer | undefined): LiveText["lines"] {
  try {
    const { lines } = JSON.parse(text?.toString("utf8") ?? "{}") as Partial<LiveText>;
    return Array.isArray(lines) ? lines : [];
  } catch {
    return []; // what a source says is not always ours
  }
}

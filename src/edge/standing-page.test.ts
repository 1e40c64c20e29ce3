import { hash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { LiveTextLine } from "../wire/live-text.ts";
import type { LiveState, ServiceLevel } from "../wire/state.ts";
import { type Answer, TestEdge } from "./edge.test-server.ts";
import { alwaysOpen } from "./service-level.ts";
import { renewSeconds, standingFreshMs } from "./standing-page.ts";

const words = {
  "standing.full": "More people than seats",
  "standing.speaking": "{name} is speaking",
  "standing.spoke": "{name} spoke for {time}",
  "standing.line.notice": "Notice: {text}",
  "standing.began": "It began {time}.",
  "standing.goOn": "Go on",
  "name.fr": "Français",
};
const lines: LiveTextLine[] = [
  { t: "notice", at: 1, text: "<script>alert(1)</script>" },
  { t: "speaks", at: 2, until: 62_000, name: "Bo" },
  { t: "speaks", at: 63_000, until: null, name: 'A"da' },
];

/** An edge whose level is what the test says, with one live Space and the built words of two languages. */
async function crowded(level: () => ServiceLevel, over: Partial<LiveState> = {}) {
  const counted = { texts: 0 };
  const edge = await TestEdge.start({ levels: { ...alwaysOpen, of: level } }, async (origin, folder) => {
    origin.open("a", 10, { status: "live", title: "Tea & <b>talk</b>", ...over });
    origin.intercept = (request, response) => {
      if (!request.url?.endsWith("/text.json")) return false;
      counted.texts++;
      response.writeHead(200).end(JSON.stringify({ v: 1, lines }));
      return true;
    };
    const web = join(folder, "web");
    await mkdir(join(web, "standing"), { recursive: true });
    await writeFile(join(web, "space.html"), "<!doctype html><p>the page</p>");
    await writeFile(join(web, "standing", "en.json"), JSON.stringify({ ...words, "standing.turnIn": { other: "x" } }));
    await writeFile(join(web, "standing", "fr.json"), JSON.stringify({ ...words, "standing.full": "Plus de monde" }));
    await writeFile(join(web, "standing", "style.css"), "p{color:red}\n");
  });
  return { edge, counted };
}
const text = (answer: Answer): string => answer.body.toString("utf8");
const page = "/s/slug-a";

test("ED-161 at level 4 a Space's page is one object without scripts; below it is the page", async () => {
  let level: ServiceLevel = 3;
  const { edge, counted } = await crowded(() => level);
  await using _ = edge;
  expect(text(await edge.get(page))).toContain("the page");
  level = 4;
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 40 }, () => edge.get(page)));
  const seconds = (performance.now() - began) / standingFreshMs;
  const [first] = answers;
  if (!first) throw new Error("nobody answered");
  expect(first.status).toBe(200);
  expect(text(first)).toContain("More people than seats");
  expect(text(first)).not.toMatch(/<script|<link rel="stylesheet"| src=| on\w+=/);
  expect(first.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-language": "en",
    "cache-control": "public, max-age=1",
    vary: "accept-language, accept-encoding",
  });
  expect(first.headers["content-security-policy"]).toBe(
    `default-src 'none'; style-src 'sha256-${hash("sha256", "p{color:red}", "base64")}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`,
  );
  // The same bytes for all who come within a second.
  expect(new Set(answers.map(text)).size).toBeLessThanOrEqual(1 + Math.ceil(seconds));
  expect(counted.texts).toBeLessThanOrEqual(1 + Math.ceil(seconds));
  const zipped = await edge.get(page, { headers: { "accept-encoding": "gzip" } });
  expect(gunzipSync(zipped.body).toString()).toContain("More people than seats");
  expect((await edge.get(page, { method: "HEAD" })).body.length).toBe(0);
  level = 2;
  expect(text(await edge.get(page))).toContain("the page");
});

test("ED-161 what people wrote is escaped, and told with who speaks", async () => {
  const { edge } = await crowded(() => 4, { notice: "<i>hm</i>", stage: [] });
  await using _ = edge;
  const html = text(await edge.get(page));
  expect(html).toContain("Tea &amp; &lt;b&gt;talk&lt;/b&gt;");
  expect(html).toContain("Notice: &lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).toContain("A&quot;da is speaking");
  expect(html).toContain("Bo spoke for 1:02");
  expect(html).toContain("Notice: &lt;i&gt;hm&lt;/i&gt;");
  expect(html.indexOf("is speaking")).toBeLessThan(html.indexOf("spoke for"));
});

test("ED-162 it is in the language asked for in the address, else the browser's first that there is, else English", async () => {
  const { edge } = await crowded(() => 4);
  await using _ = edge;
  const languageOf = async (path: string, accepted?: string): Promise<unknown> => {
    const answer = await edge.get(path, { headers: accepted === undefined ? {} : { "accept-language": accepted } });
    expect(text(answer)).toContain(`<html lang="${String(answer.headers["content-language"])}" dir="ltr">`);
    return answer.headers["content-language"];
  };
  expect(await languageOf(page)).toBe("en");
  expect(await languageOf(page, "de-AT, fr-CA;q=0.8, en;q=0.5")).toBe("fr");
  expect(await languageOf(page, "en;q=0.2, fr;q=0.1")).toBe("en");
  expect(await languageOf(page, "fr;q=0, de")).toBe("en");
  expect(await languageOf(`${page}?lang=fr`, "en")).toBe("fr");
  expect(await languageOf(`${page}?lang=xx`, "fr")).toBe("fr");
});

test("ED-163 it renews itself after a time drawn anew with each making, and on wish not at all", async () => {
  const { edge } = await crowded(() => 4);
  await using _ = edge;
  const seconds = Number(/http-equiv="refresh" content="(\d+)"/.exec(text(await edge.get(page)))?.[1]);
  expect(seconds).toBeGreaterThanOrEqual(renewSeconds[0]);
  expect(seconds).toBeLessThanOrEqual(renewSeconds[1]);
  expect(text(await edge.get(`${page}?still&lang=en`))).not.toContain("http-equiv");
});

test("ED-164 who was listening gets the page itself with ?go, and so does everybody before and after it is open", async () => {
  const { edge } = await crowded(() => 4);
  await using _ = edge;
  expect(text(await edge.get(page))).toContain(`href="/s/slug-a?go&amp;lang=en"`);
  expect(text(await edge.get(`${page}?go&lang=en`))).toContain("the page");
  expect(text(await edge.get("/s/nobody"))).toContain("the page");
  for (const status of ["scheduled", "ended", "cancelled"] as const) {
    const other = await crowded(() => 4, { status });
    await using _other = other.edge;
    expect(text(await other.edge.get(page)), status).toContain("the page");
  }
});

test("ED-161 while its text cannot be had the page is there all the same", async () => {
  const { edge } = await crowded(() => 4);
  await using _ = edge;
  edge.origin.intercept = (request) => request.url?.endsWith("/text.json") ?? false;
  expect(text(await edge.get(page))).toContain("More people than seats");
});

test("ED-165 ?ics gives the Space for a calendar, at every level, with the address that was asked", async () => {
  for (const level of [0, 4] as const) {
    const { edge } = await crowded(() => level, { description: "What it is about" });
    await using _ = edge;
    const answer = await edge.get(`${page}?ics`, {
      headers: { host: "talks.example:8080", "x-forwarded-host": "evil.example" },
    });
    expect(answer.headers).toMatchObject({
      "content-type": "text/calendar; charset=utf-8",
      "content-disposition": 'attachment; filename="slug-a.ics"',
    });
    expect(text(answer)).toContain("URL:http://talks.example:8080/s/slug-a\r\n");
    expect(text(answer)).toContain("UID:a@talks.example\r\n");
    expect(text(await edge.get(`${page}?ics`, { headers: { host: "a b" } }))).not.toContain("a b/s");
  }
});

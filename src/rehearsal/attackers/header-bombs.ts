import { pagePaths } from "../../wire/pages.ts";
import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { flood } from "./flood.ts";
import { requestText } from "./target.ts";

/** Bytes that an edge takes as a head; the first line and Host are a part of it. */
const limit = 16 * 1024;
const under = limit - 200;
const over = limit + 200;

/** Lines `name(i): value` until there are so many bytes. */
function lines(bytes: number, line: (i: number) => string): string {
  let text = "";
  for (let i = 0, next = line(0); text.length + next.length <= bytes; next = line(++i)) text += next;
  return text;
}

/** Each is headers as whole lines. */
const bombs: readonly string[] = [
  // Very many, just under and just over the limit.
  lines(under, (i) => `x${i}: y\r\n`),
  lines(over, (i) => `x${i}: y\r\n`),
  lines(4 * limit, (i) => `x${i}: y\r\n`),
  // One that is huge.
  `x: ${"y".repeat(under - 5)}\r\n`,
  `x: ${"y".repeat(over)}\r\n`,
  `${"x".repeat(under - 5)}: y\r\n`,
  // Names that mean something to an object.
  ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "length"]
    .map((name) => `${name}: {"x":1}\r\n`)
    .join(""),
  // The same one over and over: joined, or the first that counts.
  lines(under, () => "x: y\r\n"),
  lines(under, () => "Cookie: rostra=y\r\n"),
  lines(under, (i) => `X-Forwarded-For: 10.0.${i % 256}.1\r\n`),
  // Names that are array indices of one hash bucket (as CVE-2011-5036 and its kin of that winter had for other languages).
  lines(under, (i) => `${i * 2 ** 16}: y\r\n`),
  // One header that names thousands of others.
  `Connection: ${Array.from({ length: 3000 }, (_, i) => `x${i % 100}`).join(",")}\r\n`.slice(0, under - 2) + "\r\n",
  `Accept-Encoding: ${"gzip;q=0,".repeat(1700)}br\r\n`,
  `If-None-Match: ${'"y",'.repeat(3800)}"z"\r\n`,
  // Two that must not differ.
  "Content-Length: 0\r\nContent-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
  "Host: elsewhere.example\r\n",
  " folded: y\r\n",
  "x y: z\r\n",
];

/**
 * Sends heads at the border of what is taken: very many headers, a huge one, names like `__proto__`, the same one over and over, names
 * that collide in a hash table, lists of thousands; just under the limit, so that they are parsed, and just over it. Like the hash
 * collision attacks of 2011, the oversized heads of CVE-2018-12121 and what `slowhttptest` does without being slow.
 * Owed: nobody that plays notices, who comes gets sound, the state and the page answer, and memory stays what it is.
 */
export const attacker: Attacker = {
  name: "header-bombs",
  unit: "a second",
  usual: 500,
  most: 10_000,
  owes: ["no-gap", "joins", "answers", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    const paths = [
      livePaths.state(target.space),
      pagePaths.space(target.space),
      livePaths.init(target.space, "aac-64k"),
      "/api/v1/me",
    ];
    const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
    await flood(context, (needed) => requestText(target, pick(paths), { headers: needed + pick(bombs) }));
  },
};

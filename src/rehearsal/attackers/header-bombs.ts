import { pagePaths } from "../../wire/pages.ts";
import { livePaths } from "../../wire/paths.ts";
import type { AttackContext, Attacker } from "./contract.ts";
import { flood } from "./flood.ts";
import { requestText } from "./target.ts";

/** Bytes of heads just under and just over what servers take, 8 and 16 KiB; and far over. The first line and Host are a part of a head. */
const sizes = [8, 16].flatMap((kib) => [kib * 1024 - 250, kib * 1024 + 100]).concat(64 * 1024);

/** Lines until there are so many bytes. */
function lines(bytes: number, line: (i: number) => string): string {
  let text = "";
  for (let i = 0, next = line(0); text.length + next.length <= bytes; next = line(++i)) text += next;
  return text;
}

/** `name: item,item,…`, with so many bytes. */
const list = (bytes: number, name: string, item: string): string =>
  `${name}: ${`${item},`.repeat(Math.floor((bytes - name.length - 4) / (item.length + 1)))}x\r\n`;

const meaningful = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "length"];

/** Each is headers as whole lines. */
const bombs: readonly string[] = [
  ...sizes.flatMap((bytes) => [
    // Very many; one that is huge; a name that is.
    lines(bytes, (i) => `x${i}: y\r\n`),
    `x: ${"y".repeat(bytes)}\r\n`,
    `${"x".repeat(bytes)}: y\r\n`,
    // The same one over and over, which is joined, or the first of which counts.
    lines(bytes, () => "x: y\r\n"),
    lines(bytes, (i) => (i % 2 ? "Cookie: rostra=y\r\n" : "X-Forwarded-For: 10.0.0.1\r\n")),
    // Names that are array indices of one hash bucket.
    lines(bytes, (i) => `${i * 2 ** 16}: y\r\n`),
    // One that names, or lists, thousands.
    list(bytes, "Connection", "x"),
    list(bytes, "Accept-Encoding", "gzip;q=0"),
    list(bytes, "If-None-Match", '"y"'),
  ]),
  // Names that mean something to an object.
  meaningful.map((name) => `${name}: {"x":1}\r\n`).join(""),
  // What must not be, or not twice.
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

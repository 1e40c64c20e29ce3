import type { Random } from "../model/random.ts";
import type { AttackContext, Attacker, AttackTarget } from "./contract.ts";
import { flood } from "./flood.ts";
import { forgedToken, randomText } from "./forged.ts";
import { requestText } from "./target.ts";

/** Bytes of a body that control still takes. */
const largest = 64 * 1024;

/** Bodies that are small to send and much to read. */
const jsonBombs: readonly string[] = [
  "[".repeat(largest / 2) + "]".repeat(largest / 2),
  `${'{"a":'.repeat(9000)}1${"}".repeat(9000)}`,
  `[${"0,".repeat(largest / 2 - 2)}0]`,
  `{${Array.from({ length: 4500 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
  `{"__proto__":{"role":"owner"},"constructor":{"prototype":{"role":"owner"}},"title":"x"}`,
  `{"title":"${"\\u0041".repeat(10_000)}"}`,
  `{"title":1${"0".repeat(60_000)}}`,
  `{"title":${"9".repeat(300)}e${"9".repeat(300)}}`,
];

/** Some of what anybody may read, and some that only the owner may. */
const reads = (space: string, random: Random): string[] => [
  "/api/v1/spaces?limit=100",
  "/api/v1/spaces?status=ended&limit=100",
  `/api/v1/spaces/${space}`,
  `/api/v1/spaces/${randomText(random, 12).toLowerCase().replaceAll(/[-_]/g, "a")}`,
  `/api/v1/spaces/${space}/calendar.ics`,
  "/api/v1/me",
  "/api/v1/ops",
  "/api/v1/passkeys",
  "/api/openapi.json",
];

function read(target: AttackTarget, random: Random, needed: string): string {
  const paths = reads(target.space, random);
  const cookie = `Cookie: rostra=${randomText(random, 43)}; rostra-device=${randomText(random, 60)}\r\n`;
  const path = paths[Math.floor(random() * paths.length)] ?? "/api/v1/me";
  return requestText(target, path, { headers: needed + (random() < 0.5 ? cookie : "") });
}

function write(target: AttackTarget, random: Random, needed: string): string {
  const space = `/api/v1/spaces/${target.space}`;
  const bomb = jsonBombs[Math.floor(random() * jsonBombs.length)] ?? "{}";
  const bearer = `Authorization: Bearer ${forgedToken(random, target.space)}\r\n`;
  const choices: readonly (readonly [path: string, body: string, headers?: string])[] = [
    ["/api/v1/session", JSON.stringify({ password: randomText(random, 20) })],
    ["/api/v1/owner/claim", JSON.stringify({ token: randomText(random, 43), name: "x" })],
    ["/api/v1/passkeys/login/options", "{}"],
    [`${space}/invites`, JSON.stringify({ role: "host" }), bearer],
    [`${space}/end`, "{}", bearer],
    ["/api/v1/owner/claim", bomb],
    ["/api/v1/session", bomb],
    [`${space}/invites`, bomb, bearer],
  ];
  const [path, body, more = ""] = choices[Math.floor(random() * choices.length)] ?? ["/api/v1/session", "{}"];
  const headers = `${needed}${more}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return requestText(target, path, { method: "POST", headers }) + body;
}

/**
 * Floods what is behind the listeners: lists and pages of the API, guesses at the owner's password and one-time link, at invites and
 * sessions, JSON that is nested or long or both. Like `patator` and `hydra` against a sign-in, and the JSON bombs of fuzzers. While
 * passwords are guessed, the owner's is looked at more slowly from devices where nobody signed in before.
 * Owed: nobody that plays notices, who comes gets sound, the API answers the owner, no guess is right, and nothing is asked upstream.
 */
export const attacker: Attacker = {
  name: "api-flood",
  unit: "a second",
  usual: 500,
  most: 10_000,
  owes: ["no-gap", "joins", "answers", "stage", "origin-unmoved", "memory"],
  async attack(context: AttackContext): Promise<void> {
    const { target, random } = context;
    await flood(context, (needed) => (random() < 0.5 ? read(target, random, needed) : write(target, random, needed)));
  },
};

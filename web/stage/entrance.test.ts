import { expect, test } from "vitest";
import { secretIn } from "./entrance.ts";
import { inviteFacts } from "./invite-facts.ts";

test.each([
  ["", undefined],
  ["#", undefined],
  ["#abc.def-_1", "abc.def-_1"],
  ["#invite=abc.def", "abc.def"],
  ["#token=abc.def", "abc.def"],
  ["#other=1", undefined],
  ["#invite=", undefined],
])("SP-34 the fragment %s holds %s", (fragment, secret) => {
  expect(secretIn(fragment)).toBe(secret);
});

test("SP-34 an invite fills in the name it was made for, in any script; what is no invite fills in nothing", () => {
  const claims = Buffer.from(JSON.stringify({ name: "Zoë 星", role: "cohost" })).toString("base64url");
  expect(inviteFacts(`e30.${claims}.sig`)).toEqual({ name: "Zoë 星", role: "cohost" });
  for (const token of [
    "",
    "a.b.c",
    "e30.bnVsbA.x",
    `e30.${Buffer.from('{"name":5,"role":"king"}').toString("base64url")}.x`,
  ]) {
    expect(inviteFacts(token)).toEqual({ name: undefined, role: undefined });
  }
});

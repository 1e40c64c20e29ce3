import { afterEach, beforeEach, expect, test } from "vitest";
import type { Space } from "../../../wire/api.ts";
import type { PriceDue } from "../../../wire/price.ts";
import { type Reply, TestControl, type TestSocket, until } from "../testing/control.ts";
import { pricedActs } from "./acts.ts";
import { answer, encode } from "./challenges.test-payment.ts";

const dayMs = 86_400_000;
let control: TestControl;
let space: Space;
beforeEach(async () => {
  control = await TestControl.open();
  space = await control.space();
});
afterEach(() => control.end());

/** Guests with their hands up, until a hand has a price. */
async function hands(): Promise<void> {
  const guests = await Promise.all(Array.from({ length: pricedActs.hand.calm }, () => control.join(space.id)));
  await Promise.all(guests.map((guest) => raised(guest)));
}
async function raised(guest: TestSocket, price?: string): Promise<void> {
  const { you } = await guest.next("welcome");
  guest.send({ t: "hand", raised: true, ...(price === undefined ? {} : { price }) });
  await guest.next("room", ({ people }) => people.some(({ id, handRaised }) => id === you && handRaised));
}
async function refused(guest: TestSocket, price?: string): Promise<{ code: string; price?: PriceDue }> {
  await guest.next("welcome");
  const before = guest.heard.length;
  guest.send({ t: "hand", raised: true, ...(price === undefined ? {} : { price }) });
  await until(() => guest.heard.slice(before).some(({ t }) => t === "refused"), "a refusal");
  return (await guest.next("refused")).problem;
}
const paid = async (price: PriceDue | undefined): Promise<string> => encode(await answer(price?.challenge));

test("CO-66 while many hands are up one more is told its price in the room, and goes up when it is paid", async () => {
  await hands();
  const guest = await control.join(space.id);
  const due = await refused(guest);
  expect(due).toMatchObject({ code: "price-due", price: { free: false, waitSeconds: 10 } });
  expect(due.price?.challenge?.parameters.data).toMatchObject({ for: "hand", space: space.id });
  const payment = await paid(due.price);
  await raised(guest, payment);
  // One that is up costs nothing, nor does lowering it.
  guest.send({ t: "hand", raised: true });
  const { you } = await guest.next("welcome");
  guest.send({ t: "hand", raised: false });
  await guest.next("room", ({ people }) => people.some(({ id, handRaised }) => id === you && !handRaised));
  expect((await refused(guest, payment)).code).toBe("price-refused");
  const refusals = guest.heard.flatMap((one) => (one.t === "refused" ? one.problem.code : []));
  expect(refusals).toEqual(["price-due", "price-refused"]);
  expect(guest.closed).toBeUndefined();
});

test("CO-66 who came with an invite, or is signed in with an account older than a day, raises a hand for nothing", async () => {
  await hands();
  const token = await control.invite(space.id, "speaker");
  const invited = await control.join(space.id, token);
  const { you } = await invited.next("welcome");
  invited.send({ t: "set-role", id: you, role: "listener" });
  await invited.next("role", ({ role }) => role === "listener");
  await raised(invited);

  const signedIn = async (): Promise<TestSocket> => {
    const socket = await control.socket(space.id, { cookie: control.cookie, host: "rostra.test" });
    socket.send({ t: "join" });
    return socket;
  };
  expect((await refused(await signedIn())).code).toBe("price-due");
  control.offset += dayMs;
  space = await control.space();
  await hands();
  await raised(await signedIn());
  expect((await refused(await control.join(space.id))).code).toBe("price-due");
});

test("CO-66 who can solve nothing comes again after the time that was told", async () => {
  await hands();
  const guest = await control.join(space.id);
  expect((await refused(guest)).price?.waitSeconds).toBe(10);
  control.offset += 10_000;
  await raised(guest);
});

test("CO-67 the price can be asked for before, and asking changes nothing", async () => {
  const ask = (query: string): Promise<Reply> => control.ask("GET", `/price?${query}`, { signedIn: false });
  expect((await ask(`for=hand&space=${space.id}`)).json).toEqual({ free: true });
  await hands();
  const { json } = await ask(`for=hand&space=${space.slug}`);
  expect(json).toMatchObject({ free: false, waitSeconds: 10 });
  await raised(await control.join(space.id), await paid(json as PriceDue));
  expect((await ask("for=invite")).json).toEqual({ free: true });
  for (const query of ["", "for=listen", "for=__proto__", "for=constructor"])
    expect((await ask(query)).json.code).toBe("invalid-body");
  expect((await ask("for=hand&space=nowhere")).status).toBe(404);
});

test("CO-67 joining a room, speaking with an invite and whatever is read have no price, however dear a hand is", async () => {
  await hands();
  const host = await control.hostToken(space.id);
  await control.speak(space.id, host);
  const guest = await control.join(space.id);
  await guest.next("welcome");
  expect((await refused(guest)).code).toBe("price-due");
  for (const path of ["/spaces", `/spaces/${space.id}`, `/spaces/${space.id}/calendar.ics`, "/me"])
    expect((await control.ask("GET", path, { signedIn: false })).status).toBe(200);
});

test("CO-68 over HTTP an act is 429 with its price while many come, and is done with the answer in a header", async () => {
  const make = (payment?: string): Promise<Reply> =>
    control.ask("POST", `/spaces/${space.id}/invites`, {
      body: { role: "speaker" },
      ...(payment === undefined ? {} : { headers: { "rostra-price": payment, cookie: control.cookie } }),
    });
  for (let n = 0; n < pricedActs.invite.calm; n++) expect((await make()).status).toBe(201);
  const due = await make();
  expect([due.status, due.json.code, due.headers["retry-after"]]).toEqual([429, "price-due", "10"]);
  const payment = await paid(due.json.price as PriceDue);
  expect((await make(payment)).status).toBe(201);
  expect((await make(payment)).json).toMatchObject({ status: 403, code: "price-refused" });
  control.offset += dayMs;
  space = await control.space();
  for (let n = 0; n <= pricedActs.invite.calm; n++) expect((await make()).status).toBe(201);
});

test("CO-68 guesses at the one-time owner link have a price when many come", async () => {
  const claim = (headers: Readonly<Record<string, string>> = {}): Promise<Reply> =>
    control.ask("POST", "/owner/claim", { body: { token: "guessed", name: "Eve" }, signedIn: false, headers });
  // The test's own owner was the first.
  for (let n = 1; n < pricedActs["sign-up"].calm; n++) expect((await claim()).json.code).toBe("owner-link-unknown");
  const due = await claim();
  expect(due.json.code).toBe("price-due");
  expect((await claim({ "rostra-price": await paid(due.json.price as PriceDue) })).json.code).toBe(
    "owner-link-unknown",
  );
});

test("CO-69 how prices were met is told to this machine, and never under /api/", async () => {
  await hands();
  await refused(await control.join(space.id));
  const { json } = await control.ask("GET", "/internal/price", { signedIn: false });
  expect(json).toMatchObject({ given: { new: 1, slow: 0, persisting: 0 }, refused: 0 });
  expect(control.meter.expose()).toContain('rostra_price_given_total{act="hand",class="new"} 1');
});

import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { TestDesk } from "./people-routes.test-browser.ts";

/** What the pages do, with the browser's own JSON for WebAuthn: Level 3, sections 5.1.8, 5.1.9 and 5.1.10. */
const inPage = `
  const ask = async (path, body) => {
    const answer = await fetch("/api/v1" + path, {
      method: "POST",
      ...(body ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    return { status: answer.status, json: text ? JSON.parse(text) : null };
  };
  const register = async () => {
    const { json } = await ask("/passkeys/register/options");
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
    const made = await navigator.credentials.create({ publicKey });
    return ask("/passkeys/register/verify", made.toJSON());
  };
  const login = async () => {
    const { json } = await ask("/passkeys/login/options");
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
    const got = await navigator.credentials.get({ publicKey });
    return ask("/passkeys/login/verify", got.toJSON());
  };
`;

const chromium = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

test.skipIf(chromium === undefined)(
  "PE-12 Chromium with a virtual authenticator registers a passkey and signs in with it",
  async () => {
    const { chromium: browserType } = await import("playwright-core");
    const desk = await TestDesk.open();
    const browser = await browserType.launch({
      executablePath: chromium ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    });
    try {
      desk.app.get("/", (_request, reply) => reply.type("text/html").send("<!doctype html><title>Passkeys</title>"));
      await desk.app.listen({ port: 0, host: "localhost" });
      const { port } = desk.app.server.address() as AddressInfo;
      const page = await browser.newPage();
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("WebAuthn.enable");
      await devtools.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      await page.goto(`http://localhost:${port}/`);
      await page.addScriptTag({ content: inPage });
      const link = await desk.people.newOwnerLink();
      const run = (code: string): Promise<unknown> => page.evaluate(`(async () => ${code})()`);
      const claim = `ask("/owner/claim", ${JSON.stringify({ token: link?.token, name: "Ada" })})`;
      expect(await run(claim)).toMatchObject({ status: 204 });
      expect(await run("register()")).toMatchObject({ status: 201 });
      expect(await run(`fetch("/api/v1/session", { method: "DELETE" }).then((answer) => answer.status)`)).toBe(204);
      const me = `fetch("/api/v1/me").then((answer) => answer.json())`;
      expect(await run(me)).toMatchObject({ signedIn: false });
      expect(await run("login()")).toMatchObject({ status: 204 });
      expect(await run(me)).toMatchObject({ signedIn: true, name: "Ada" });
      // Scripts cannot read the session.
      expect(await run("document.cookie")).toBe("");
    } finally {
      await browser.close();
      await desk.end();
    }
  },
);

import type { Page } from "playwright-core";

/** Comes to the stage by an invite's link, as a person does: waits for the microphone, goes on stage, is connected. */
export async function enterStage(page: Page, invite: string): Promise<void> {
  await page.goto(invite);
  const name = page.locator("#name");
  await name.waitFor();
  if ((await name.inputValue()) === "") await name.fill("Speaker");
  const allow = page.getByRole("button", { name: "Turn the microphone on" });
  const enter = page.getByRole("button", { name: "Go on stage", exact: true });
  await Promise.race([enter.waitFor(), allow.waitFor()]);
  if (await allow.isVisible()) await allow.click();
  await enter.click();
  await page.locator(".air.on-air, .air.green-room, .air.hold").waitFor({ timeout: 20_000 });
}

/** Presses Listen on a Space's page and waits until it plays. */
export async function pressListen(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Listen", exact: true }).click();
  await page.getByRole("button", { name: "Stop" }).waitFor();
}

import { expect } from "vitest";
import type { Server } from "./server.ts";
import { ask, type WireAnswer, type WireRequest } from "./wire-client.ts";

/** After whatever was sent, the server is as well as before: nothing restarted, the demo goes on, health is good. */
export async function expectWell(server: Server): Promise<void> {
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const restarts = [...(await server.metrics()).matchAll(/^rostra_process_restarts_total\{(.*)\} (\d+)/gm)];
  // Control, stage, origin and at least one edge.
  expect(restarts.length).toBeGreaterThanOrEqual(4);
  expect(restarts.filter(([, , count]) => count !== "0").map(([line]) => line)).toEqual([]);
  const { latest } = await server.state("demo");
  await server.until("demo", (state) => state.status === "live" && !state.hold && (state.latest ?? 0) > (latest ?? 0));
}

export interface Refusal extends WireRequest {
  readonly what: string;
  readonly gets: readonly [status: number, code: string, pointer?: string];
}

/** Every refusal of a table, told as one difference, so that all that is wrong is seen at once. */
export async function expectRefusals(server: Server, table: readonly Refusal[]): Promise<void> {
  const found: unknown[] = [];
  const wanted: unknown[] = [];
  for (const { what, gets, ...request } of table) {
    found.push([what, ...facts(await ask(server.url, request))]);
    wanted.push([what, "application/problem+json", ...gets]);
  }
  expect(found).toEqual(wanted);
}

/** What a problem document must say; what is not said in it stands in its place. */
export function facts({ status, headers, body }: WireAnswer): unknown[] {
  const type = headers["content-type"];
  try {
    const problem = JSON.parse(body.toString()) as Record<string, unknown>;
    const { code, pointer, detail, action, status: told } = problem;
    if (told !== status) return [type, status, code, `its status says ${String(told)}`];
    for (const [name, text] of Object.entries({ detail, action }))
      if (typeof text !== "string" || text.length < 5) return [type, status, code, `no ${name}`];
    return [type, status, code, ...(pointer === undefined ? [] : [pointer])];
  } catch {
    return [type, status, `no problem document: ${body.toString("latin1", 0, 200)}`];
  }
}

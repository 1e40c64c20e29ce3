import { Link } from "../../foundation/link.ts";
import { Problem } from "../../foundation/errors.ts";
import { sockets } from "../config.ts";
import type { ServeOptions } from "./options.ts";

/** What people type to reach this server. */
export const baseUrl = ({ publicUrl, port, fronts: { tls } }: ServeOptions): string =>
  publicUrl ?? (tls ? `https://localhost:${tls.port}` : `http://localhost:${port}`);

/** Asks control for a one-time owner link; `undefined` when an owner exists already and `force` is not set. */
export async function ownerLink(options: ServeOptions, force = false): Promise<string | undefined> {
  const link = new Link(sockets.control(options.run));
  try {
    const answer = await link.json<{ path: string | null }>({
      method: "POST",
      path: "/internal/owner-link",
      body: { force },
    });
    return answer.path === null ? undefined : `${baseUrl(options)}${answer.path}`;
  } finally {
    link.close();
  }
}

export async function printOwnerLink(options: ServeOptions): Promise<number> {
  const url = await ownerLink(options, true).catch((cause: unknown) => {
    throw notRunning(sockets.control(options.run), cause);
  });
  process.stdout.write(`${url ?? ""}\n`);
  return 0;
}

export const notRunning = (socketPath: string, cause: unknown): Problem =>
  new Problem({
    status: 503,
    code: "server-not-running",
    title: "No running server was found",
    detail: `Nothing answers on ${socketPath}.`,
    action: "Start it with `rostra serve`, or name its data folder with --data.",
    cause,
  });

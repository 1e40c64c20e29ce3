import { Problem, reason } from "../foundation/errors.ts";

/** A port of the stage cannot be opened. */
export const portTaken = (what: "UDP" | "TCP", port: number, cause: unknown): Problem =>
  new Problem({
    status: 500,
    code: "port-taken",
    title: "A port of the stage is taken",
    detail: `${what} port ${port} cannot be opened: ${reason(cause)}.`,
    action: "End the program that holds it, or choose another port.",
    cause,
  });

import { Problem, reason } from "../foundation/errors.ts";

/** A port of the stage cannot be opened. */
export const portTaken = (what: "UDP" | "TCP", port: number, cause: unknown): Problem =>
  new Problem({
    status: 500,
    code: "port-taken",
    title: "A port cannot be opened",
    detail: `${what} port ${port} cannot be opened: ${reason(cause)}.`,
    action: "Give another port, or end the program that has it.",
    cause,
  });

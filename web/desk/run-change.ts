import type { RunSheet } from "../../src/wire/run-sheet.ts";

/** Sends a request of the run sheet, and shows the sheet that it answers with at once. Throws what the request throws. */
export type Change = (request: () => Promise<RunSheet>) => Promise<void>;

import { join } from "node:path";

/** Where the chains of all edge processes are, a folder each. */
export const evidenceFolder = (data: string): string => join(data, "evidence");
/** The key that verifies them. */
export const publicKeyFile = (data: string): string => join(evidenceFolder(data), "key.pub");

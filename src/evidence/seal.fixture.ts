import { createPublicKey, type KeyObject } from "node:crypto";
import { signingKey } from "./seal.ts";

export const key: KeyObject = signingKey(Buffer.alloc(32, 7));
export const otherKey: KeyObject = signingKey(Buffer.alloc(32, 8));
export const publicKey: KeyObject = createPublicKey(key);

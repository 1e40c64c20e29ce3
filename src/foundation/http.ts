import type http from "node:http";
import type https from "node:https";

/**
 * Node's `http` module. Always import it from here, `node:http` only for types: an ES import of a built-in module reads
 * every property it exports, and `http.WebSocket` loads the whole of undici: 14 MB of memory in each process.
 */
export const nodeHttp: typeof http = process.getBuiltinModule("node:http");

/** Node's `https` module, read when it is first needed: it brings TLS along, which most processes never speak. */
export const nodeHttps = (): typeof https => process.getBuiltinModule("node:https");

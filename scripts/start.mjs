// `npm start`: plain JavaScript, so that the compile cache is on before the first TypeScript file is read.
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "rostra", "compiled");
enableCompileCache(process.env.NODE_COMPILE_CACHE);
await import("../src/apps/rostra.ts");

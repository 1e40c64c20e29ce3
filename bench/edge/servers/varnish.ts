import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts, freePort, Process, serverCore } from "../processes.ts";
import { type Server, serverOf, type Setting } from "./server.ts";

const program = (port: number): string => `vcl 4.1;
backend source { .host = "127.0.0.1"; .port = "${port}"; .max_connections = 64; }
sub vcl_recv { unset req.http.cookie; return (hash); }
sub vcl_backend_response { set beresp.grace = 0s; if (beresp.status != 200) { set beresp.ttl = 1s; } }
`;

/** Varnish in front of the source, with memory for everything and no limit on how long a connection waits. */
export async function startVarnish({ folder, source }: Setting): Promise<Server> {
  const port = await freePort();
  const file = join(folder, "bench.vcl");
  await writeFile(file, program(source.port));
  const settings = { timeout_idle: "300", thread_pools: "2", thread_pool_min: "100", listen_depth: "4096" };
  const words = Object.entries(settings).flatMap(([name, value]) => ["-p", `${name}=${value}`]);
  const varnish = new Process(
    "varnishd",
    // prettier-ignore
    ["varnishd", "-F", "-j", "none", "-n", join(folder, "varnish"), "-a", `127.0.0.1:${port}`, "-f", file, "-s", "malloc,64m", ...words],
    { core: serverCore },
  );
  await accepts(port, varnish);
  return serverOf("Varnish", port, [varnish]);
}

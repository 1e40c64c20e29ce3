import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { errno, Problem } from "../../foundation/errors.ts";

/**
 * Whether the ports are free, asked without SO_REUSEPORT: with it, two servers of the same user would share the port
 * without a word. Throws a Problem that names the port.
 * @param udpPort none when there is no stage
 */
export async function requireFreePorts(host: string, port: number, udpPort?: number): Promise<void> {
  await requireFreeTcp("--port", host, port);
  if (udpPort === undefined) return;
  const udp = await tryUdp(host, udpPort);
  if (udp) throw portProblem("--udp-port", `UDP ${host}:${udpPort}`, udp);
}

/** The same for one TCP port, which `flag` chooses. */
export async function requireFreeTcp(flag: string, host: string, port: number): Promise<void> {
  const failure = await tryTcp(host, port);
  if (failure) throw portProblem(flag, `TCP ${host}:${port}`, failure);
}

export function tryTcp(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

export function tryUdp(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.once("error", (error) => {
      socket.close();
      resolve(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

function portProblem(flag: string, where: string, cause: unknown): Problem {
  const code = errno(cause);
  const why =
    code === "EADDRINUSE"
      ? "another program has it"
      : code === "EACCES"
        ? "this user may not open it"
        : (code ?? "it cannot be opened");
  return new Problem({
    status: 500,
    code: "port-taken",
    title: "A port cannot be opened",
    detail: `${where}: ${why}.`,
    action: `Give another with ${flag}, or end the program that has it.`,
    cause,
  });
}

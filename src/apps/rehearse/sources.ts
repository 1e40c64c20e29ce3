import { createServer, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { off } from "../plan/words.ts";

/** The most source addresses that are used. */
export const maxSources = 1024;
const wanted = "IPv4 addresses of this machine, with commas between, or FROM-TO, such as 127.0.0.2-127.0.0.40";

const toNumber = (ip: string): number => ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (n: number): string => [24, 16, 8, 0].map((bits) => Math.floor(n / 2 ** bits) % 256).join(".");

/** Reads `127.0.0.2-127.0.0.40,127.0.1.1`. @throws Problem `usage` */
export function sourcesOf(text: string): string[] {
  const all = text.split(",").flatMap((part) => {
    const [from = "", to = from, ...more] = part.trim().split("-");
    if (!isIPv4(from) || !isIPv4(to) || more.length > 0 || toNumber(to) < toNumber(from))
      throw off("--sources", text, wanted);
    const many = toNumber(to) - toNumber(from) + 1;
    if (many > maxSources) throw off("--sources", text, `at most ${maxSources} addresses`);
    return Array.from({ length: many }, (_, i) => toAddress(toNumber(from) + i));
  });
  const distinct = [...new Set(all)];
  if (distinct.length > maxSources) throw off("--sources", text, `at most ${maxSources} addresses`);
  return distinct;
}

/** Throws a `usage` Problem unless connections can be made from the first and the last of them. */
export async function requireOurs(sources: readonly string[]): Promise<void> {
  for (const source of new Set([sources[0], sources.at(-1)])) {
    if (source === undefined) continue;
    const bound = await new Promise<boolean>((done) => {
      const server = createServer()
        .once("error", () => done(false))
        .listen(0, source, () => server.close(() => done(true)));
    });
    if (!bound) throw off("--sources", source, `${wanted}: this machine does not have that one`);
  }
}

/** 127.0.0.2 and so on: what is loopback has them all. Attackers come from others than listeners, as they do in the world. */
export const loopbackSources = (many: number, from = "127.0.0.2"): string[] =>
  Array.from({ length: Math.min(many, maxSources) }, (_, i) => toAddress(toNumber(from) + i));

/** Whether an address is one of this machine's. */
export const isHere = (address: string): boolean =>
  Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address) ?? false);

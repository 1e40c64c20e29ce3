import type { EdgeSpec } from "../../rehearsal/model/question.ts";
import { bitsPerSecond, bytes } from "../../rehearsal/model/units.ts";
import { amount, off, whole } from "./words.ts";

/** What one edge process takes at most (`src/edge/live-routes.ts`), and Node's own backlog. */
const [usualDescriptors, usualBacklog] = ["100k", "511"] as const;

/**
 * Reads `cores=16,nic=25G,mem=64G[,tls][,price=…][,descriptors=…][,backlog=…]`.
 * @throws Problem `usage`
 */
export function edgeOf(text: string): { readonly edge: EdgeSpec; readonly price: number | undefined } {
  const wanted =
    "cores=N,nic=BITS,mem=BYTES[,tls][,price=N][,descriptors=N][,backlog=N], such as cores=16,nic=25G,mem=64G,tls";
  const said = new Map<string, string>();
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.trim().split("=", 2);
    const known =
      name === "tls" ? value === "" : ["cores", "nic", "mem", "price", "descriptors", "backlog"].includes(name);
    if (!known || said.has(name)) throw off("--edge", text, wanted);
    said.set(name, value);
  }
  const [cores, nic, mem, price] = [said.get("cores"), said.get("nic"), said.get("mem"), said.get("price")];
  if (cores === undefined || nic === undefined || mem === undefined) throw off("--edge", text, wanted);
  if (price !== undefined && !/^\d+(\.\d+)?$/.test(price)) throw off("--edge", text, "price=N, the price of an hour");
  return {
    edge: {
      cores: whole("--edge cores", cores),
      nic: bitsPerSecond(amount("--edge nic", nic)),
      memory: bytes(amount("--edge mem", mem)),
      tls: said.has("tls"),
      descriptors: whole("--edge descriptors", said.get("descriptors") ?? usualDescriptors),
      backlog: whole("--edge backlog", said.get("backlog") ?? usualBacklog),
    },
    price: price === undefined ? undefined : Number(price),
  };
}

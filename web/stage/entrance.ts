import type { HostToken, Me } from "../../src/wire/api.ts";
import { api, ApiProblem } from "../api/client.ts";
import { inviteFacts } from "./invite-facts.ts";
import { type TokenStore, tokenKey } from "./room-client.ts";

/** By what right this browser comes on stage. */
export type Entrance =
  | { readonly by: "invite"; readonly token: string; readonly name: string | undefined }
  /** Was here before, or raised a hand on the listening page. */
  | { readonly by: "return" }
  | { readonly by: "owner"; readonly token: string; readonly name: string | undefined }
  | { readonly by: "nothing" };

/** The secret in an address's fragment: `#<token>`, or `#invite=<token>` and `#token=<token>`. */
export function secretIn(fragment: string): string | undefined {
  const text = fragment.replace(/^#/, "");
  if (text === "") return undefined;
  const values = new URLSearchParams(text);
  const secret = values.get("invite") ?? values.get("token") ?? (text.includes("=") ? null : decodeURIComponent(text));
  return secret || undefined;
}

/** Reads the secret and takes it out of the address, so that it is not shared or kept in the history. */
export function takeSecret(): string | undefined {
  let secret: string | undefined;
  try {
    secret = secretIn(location.hash);
  } catch {
    secret = undefined; // a broken percent-encoding
  }
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  return secret;
}

/** A link with another secret that is opened in the same tab changes only the fragment: the page begins anew with it. */
export function heedNewSecret(): void {
  addEventListener("hashchange", () => {
    if (location.hash) location.reload();
  });
}

/** `POST /spaces/:space/host-token`: the owner becomes host. */
export const hostToken = async (slug: string, signal?: AbortSignal): Promise<string> =>
  (await api<HostToken>(`/spaces/${slug}/host-token`, { method: "POST", ...(signal ? { signal } : {}) })).token;

/** Finds the right to come in: the invite, a place kept, or being the owner. */
export async function findEntrance(
  slug: string,
  invite: string | undefined,
  store: TokenStore,
  signal: AbortSignal,
): Promise<Entrance> {
  if (invite !== undefined) return { by: "invite", token: invite, name: inviteFacts(invite).name };
  if (store.getItem(tokenKey(slug)) !== null) return { by: "return" };
  const me = await api<Me>("/me", { signal });
  if (me.role !== "owner") return { by: "nothing" };
  try {
    return { by: "owner", token: await hostToken(slug, signal), name: me.name ?? undefined };
  } catch (failure) {
    if (failure instanceof ApiProblem && (failure.status === 401 || failure.status === 403)) return { by: "nothing" };
    throw failure;
  }
}

import { roles, type Role } from "../../src/wire/state.ts";

/** What an invite says about its bearer. The server checks it; here it only fills in a form. */
export interface InviteFacts {
  readonly name: string | undefined;
  readonly role: Role | undefined;
}

/** Reads the claims of a token (JWT, RFC 7519) without believing them; nothing where it is none. */
export function inviteFacts(token: string): InviteFacts {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { name?: unknown; role?: unknown };
    return {
      name: typeof claims.name === "string" ? claims.name : undefined,
      role: roles.find((one) => one === claims.role),
    };
  } catch {
    return { name: undefined, role: undefined };
  }
}

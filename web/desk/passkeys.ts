import { api } from "../api/client.ts";

/** The person closed the browser's dialog, or it timed out; nothing happened. */
export class PasskeyCancelled extends Error {
  constructor() {
    super("the passkey dialog was closed");
    this.name = "PasskeyCancelled";
  }
}

export const passkeysSupported = (): boolean => typeof PublicKeyCredential === "function";

/** Loaded at first use: most people who open the desk are signed in already. */
const webauthn = async (): Promise<typeof import("@simplewebauthn/browser")> => import("@simplewebauthn/browser");

type Library = Awaited<ReturnType<typeof webauthn>>;
type RegistrationOptions = Parameters<Library["startRegistration"]>[0]["optionsJSON"];
type AuthenticationOptions = Parameters<Library["startAuthentication"]>[0]["optionsJSON"];

/** Makes a passkey for the account that is signed in. Throws `PasskeyCancelled` or `ApiProblem`. */
export async function registerPasskey(): Promise<void> {
  const optionsJSON = await api<RegistrationOptions>("/passkeys/register/options", { method: "POST" });
  const { startRegistration } = await webauthn();
  const body = await startRegistration({ optionsJSON }).catch(cancelled);
  await api("/passkeys/register/verify", { body });
}

/** Signs in with a passkey. Throws `PasskeyCancelled` or `ApiProblem`. */
export async function signInWithPasskey(): Promise<void> {
  const optionsJSON = await api<AuthenticationOptions>("/passkeys/login/options", { method: "POST" });
  const { startAuthentication } = await webauthn();
  const body = await startAuthentication({ optionsJSON }).catch(cancelled);
  await api("/passkeys/login/verify", { body });
}

function cancelled(failure: unknown): never {
  throw failure instanceof Error && ["NotAllowedError", "AbortError"].includes(failure.name)
    ? new PasskeyCancelled()
    : failure;
}

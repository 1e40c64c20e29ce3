import { type JSX, render } from "preact";
import type { Me } from "../../src/wire/api.ts";
import { pagePaths } from "../../src/wire/pages.ts";
import { api, wordsFor } from "../api/client.ts";
import { loadMessages, t, type Words } from "../i18n/catalogue.ts";
import { heedNewSecret, takeSecret } from "../stage/entrance.ts";
import { Frame } from "../stage/frame.tsx";
import { Button } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Claim } from "./claim.tsx";
import { SignIn } from "./sign-in.tsx";
import { SpaceDesk } from "./space-desk.tsx";
import { Spaces } from "./spaces.tsx";

await loadMessages(import.meta.glob<Words>("../i18n/*/{frame,stage,desk,level,run,problem,verdict}.ts"));

/** What an address of this page asks for. */
type View =
  | { readonly kind: "sign-in" }
  | { readonly kind: "claim" }
  | { readonly kind: "spaces" }
  | { readonly kind: "space"; readonly slug: string };

function viewOf(path: string): View {
  const [, first, second] = path.split("/");
  if (first === "sign-in") return { kind: "sign-in" };
  if (first === "owner") return { kind: "claim" };
  return second ? { kind: "space", slug: second } : { kind: "spaces" };
}

async function signOut(): Promise<void> {
  await api("/session", { method: "DELETE" }).catch(() => {});
  location.assign(pagePaths.home());
}

function Desk({ me, view, secret }: { me: Me; view: View; secret: string | undefined }): JSX.Element {
  const isOwner = me.role === "owner";
  const links = isOwner ? (
    <>
      <a href={pagePaths.desk()}>{t("frame.desk")}</a>
      <a href={pagePaths.ops()}>{t("frame.ops")}</a>
      <Button kind="quiet" onClick={() => void signOut()}>
        {t("frame.signOut")}
      </Button>
    </>
  ) : null;
  if (view.kind === "claim") {
    return (
      <Frame title={t("desk.claimTitle")}>
        <Claim token={secret} isOwner={isOwner} />
      </Frame>
    );
  }
  if (!isOwner || view.kind === "sign-in") {
    return (
      <Frame title={t("frame.signIn")}>
        <SignIn me={me} />
      </Frame>
    );
  }
  return (
    <Frame title={t("desk.title")} links={links}>
      {view.kind === "spaces" ? <Spaces /> : <SpaceDesk slug={view.slug} />}
    </Frame>
  );
}

/** After signing in on another page's behalf (`/desk/x`), the sign-in comes back to it. */
function withNext(view: View): void {
  if (view.kind === "space" && !new URLSearchParams(location.search).has("next")) {
    const url = new URL(location.href);
    url.searchParams.set("next", pagePaths.desk(view.slug));
    history.replaceState(history.state, "", url);
  }
}

async function start(page: HTMLElement): Promise<void> {
  const secret = takeSecret();
  const view = viewOf(location.pathname);
  try {
    const me = await api<Me>("/me");
    if (me.role !== "owner") withNext(view);
    render(<Desk me={me} view={view} secret={secret} />, page);
  } catch (failure) {
    render(
      <Frame title={t("desk.title")}>
        <div class="narrow">
          <h1 class="unseen">{t("desk.title")}</h1>
          <Callout kind="bad" title={wordsFor(failure)}>
            <Button onClick={() => location.reload()}>{t("frame.tryAgain")}</Button>
          </Callout>
        </div>
      </Frame>,
      page,
    );
  }
}

heedNewSecret();
const page = document.getElementById("page");
if (page) await start(page);

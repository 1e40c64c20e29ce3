import { livePaths, isSpaceName } from "../../src/wire/paths.ts";
import { loadMessages, type Words } from "../i18n/catalogue.ts";

/**
 * The Space page begins here. This module is small so that it runs first: it asks for the state and the words while the
 * page's own code is still on its way.
 */
const slug = location.pathname.split("/")[2] ?? "";
const state = isSpaceName(slug)
  ? fetch(livePaths.state(slug), { credentials: "omit" })
  : Promise.resolve(new Response(null, { status: 404 }));
state.catch(() => {}); // whoever reads it is told
const [{ openPage }] = await Promise.all([
  import("./space-page.ts"),
  loadMessages(import.meta.glob<Words>("../i18n/*/listen.ts")),
]);
openPage(slug, state);

import { render } from "preact";
import { loadMessages, type Words } from "../i18n/catalogue.ts";
import { HomePage } from "./home-page.tsx";

await loadMessages(import.meta.glob<Words>("../i18n/*/{home,problem}.ts"));
const root = document.querySelector("#page");
if (root) render(<HomePage />, root);

import { render } from "preact";
import { loadMessages, type Words } from "../i18n/catalogue.ts";
import { heedNewSecret, takeSecret } from "./entrance.ts";
import { StagePage } from "./stage-page.tsx";

await loadMessages(import.meta.glob<Words>("../i18n/*/{frame,stage,problem}.ts"));

heedNewSecret();
const page = document.getElementById("page");
const slug = location.pathname.split("/")[2] ?? "";
if (page) render(<StagePage slug={slug} invite={takeSecret()} />, page);

import { render } from "preact";
import { loadMessages, type Words } from "../i18n/catalogue.ts";
import { OpsPage } from "./ops-page.tsx";

await loadMessages(import.meta.glob<Words>("../i18n/*/{frame,desk,ops,problem}.ts"));

const page = document.getElementById("page");
if (page) render(<OpsPage />, page);

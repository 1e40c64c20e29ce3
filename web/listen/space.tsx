import { loadMessages, type Words } from "../i18n/catalogue.ts";

await loadMessages(import.meta.glob<Words>("../i18n/*/{listen,problem}.ts"));

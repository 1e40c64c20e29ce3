import type {
  RunCheckName,
  RunDo,
  RunMomentName,
  RunSays,
  RunState,
  RunText,
  RunValue,
} from "../../src/wire/run-sheet.ts";
import { type Key, t } from "../i18n/catalogue.ts";
import { dateTimeText } from "../stage/date-text.ts";
import { bytesText, msText, percentText, spanText } from "../ui/figures.ts";

/** A value as the reader's language writes it. */
export function valueText(value: RunValue): string | number {
  if (typeof value !== "object") return value;
  switch (value.unit) {
    case "ms":
      return value.value < 1000 ? msText(value.value) : spanText(value.value / 1000);
    case "bytes":
      return bytesText(value.value);
    case "moment":
      return dateTimeText(value.value);
    case "share":
      return percentText(value.value * 100);
  }
}

const valuesOf = ({ values }: RunText): Record<string, string | number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, valueText(value)]));

export const saysText = (text: RunText<RunSays>): string => t(`run.says.${text.key}`, valuesOf(text));
export const doText = (text: RunText<RunDo>): string => t(`run.do.${text.key}`, valuesOf(text));
export const stateText = (state: RunState): string => t(`run.state.${state}`);
export const momentText = (moment: RunMomentName): string => t(`run.moment.${moment}`);

const names: Readonly<Record<RunCheckName, Key>> = {
  audience: "run.check.audience",
  plan: "run.check.plan",
  edges: "run.check.edges",
  disk: "run.check.disk",
  certificate: "run.check.certificate",
  clock: "run.check.clock",
  invites: "run.check.invites",
  "rehearsal-space": "run.check.rehearsalSpace",
  rehearsal: "run.check.rehearsal",
  speakers: "run.check.speakers",
  microphones: "run.check.microphones",
  processes: "run.check.processes",
  loop: "run.check.loop",
  hold: "run.check.hold",
  recording: "run.check.recording",
  "rehearsal-quiet": "run.check.quiet",
  live: "run.check.live",
};
export const checkText = (check: RunCheckName): string => t(names[check]);

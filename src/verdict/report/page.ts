import { chart, clock, markWords } from "./chart.ts";
import { escape } from "../../foundation/escape.ts";
import { style } from "./style.ts";
import type { Mark } from "../series.ts";
import type { EpisodeRecord, VerdictRecord } from "./record.ts";
import { causeWords, featureValue, featureWords, figure, percent, troubleWords, verdictWords } from "./words.ts";

const causes = ["crowd", "attack", "fault", "unknown"] as const;

/** The report as one HTML file: no script, nothing fetched. Whatever stands in the record is text: nothing of it can become markup. */
export function page(record: VerdictRecord): string {
  const body = [
    record.sample ? `<p class="badge">A made-up evening: this is what a report looks like.</p>` : "",
    `<h1>${escape(record.title)}</h1>`,
    `<p class="when">${new Date(record.from).toISOString().slice(0, 10)}, ${clock(record.from)} to ${clock(record.to)} (UTC)</p>`,
    `<p class="verdict ${record.kind}">${escape(verdictWords[record.kind])}</p>`,
    section("Whose the load was", shares(record)),
    section("What happened", timeline(record)),
    section("What nobody who plays explains", episodes(record)),
    section(
      "Trouble of our own",
      list(
        record.troubles.map(
          ({ at, to, kinds }) => `${clock(at)} to ${clock(to)}: ${kinds.map((kind) => troubleWords[kind]).join("; ")}`,
        ),
      ),
    ),
    section("What would have been without it", without(record)),
    section("What was done, and whom it hit", actions(record)),
    section("What this cannot see", list(blind(record))),
    section("What it stands on", evidence(record)),
    section("The same again", `<pre>${escape(record.command)}</pre>`),
  ];
  return [
    `<!doctype html>`,
    `<html lang="en"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escape(record.title)}</title><style>${style}</style></head>`,
    `<body><main>`,
    ...body.filter((part) => part !== ""),
    `</main></body></html>`,
    "",
  ].join("\n");
}

const section = (heading: string, content: string): string =>
  content === "" ? "" : `<section><h2>${escape(heading)}</h2>${content}</section>`;
const list = (all: readonly string[]): string =>
  all.length === 0 ? "" : `<ul class="card">${all.map((one) => `<li>${escape(one)}</li>`).join("")}</ul>`;

function shares({ shares: all, calibration, spaceShare }: VerdictRecord): string {
  const bar = causes.map((cause) => `<i class="${cause}" style="width:${(all[cause].share * 100).toFixed(2)}%"></i>`);
  const rows = causes.map((cause) => {
    const { share, low, high } = all[cause];
    const between = cause === "unknown" ? "" : `${percent(low)} to ${percent(high)}`;
    return `<tr><th scope="row"><i class="key ${cause}"></i>${causeWords[cause]}</th><td class="number">${percent(share)}</td><td class="number">${between}</td></tr>`;
  });
  const here = spaceShare === undefined ? "" : ` This Space had ${percent(spaceShare)} of all who played.`;
  return [
    `<div class="bar" aria-hidden="true">${bar.join("")}</div>`,
    `<table><thead><tr><th>share of the load</th><th></th><th>between</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
    `<p class="soft">Load is what things cost an edge's processor; a connection that is held and does nothing counts as a listener's place. What those who came and played explain is the crowd's. `,
    `In nine of ten scenes of the calibration the share lay in its interval.${escape(here)}</p>`,
    calibration.decided >= 1 ? `<p class="soft">The intervals are not calibrated.</p>` : "",
  ].join("");
}

function timeline({ curves, marks, counterfactual: { capacity } }: VerdictRecord): string {
  const { at } = curves;
  const line = (title: string, unit: string, values: readonly number[]): string =>
    chart({ title, unit, at, layers: [{ style: "", name: title, values }] });
  const load = chart({
    title: "Load, by whose it was",
    unit: "ms of processor a second",
    at,
    wide: true,
    stacked: true,
    marks,
    layers: causes.map((cause) => ({
      style: cause,
      name: causeWords[cause],
      values: curves.load.map((one) => one[cause]),
    })),
    proven: capacity && { value: capacity.load, name: `proven: ${capacity.provedBy}` },
  });
  const told = marks.map(
    (one) => `${clock(one.at)} ${markWords(one)}${toldWhole.has(one.kind) ? "" : ` (${one.what})`}`,
  );
  return [
    `<div class="charts">${load}`,
    line("Players", "at the end of each ten seconds", curves.players),
    line("Requests", "a second", curves.requests),
    line("Joins", "a second", curves.joins),
    line("Different addresses", "in ten seconds", curves.addresses),
    line("Processor", "cores, the busiest edge", curves.cpu),
    `</div>`,
    list(told),
  ].join("");
}

/** Marks whose words say all of it. */
const toldWhole: ReadonlySet<Mark["kind"]> = new Set(["said", "level", "act"]);

function episodes({ episodes: all, kind }: VerdictRecord): string {
  if (all.length === 0) {
    return kind === "quiet"
      ? ""
      : `<p class="card">Nothing: all that was asked for is explained by those who came and played.</p>`;
  }
  return all.map(episode).join("");
}

function episode({ from, to, cause, probability, excess, parts, features }: EpisodeRecord): string {
  const named = cause === "unknown" ? "cannot tell" : causeWords[cause];
  const chances = (["crowd", "attack", "fault"] as const).map(
    (one) => `${causeWords[one]} ${percent(probability[one])}`,
  );
  const sorted = features.toSorted((one, other) => loud(other.says) - loud(one.says));
  const rows = sorted.map(({ name, value, says }) => {
    const words = featureWords[name];
    const source = words.source === undefined ? "" : ` <span class="source">(${escape(words.source)})</span>`;
    const cells = (["crowd", "attack", "fault"] as const).map((one) => {
      const text = `${says[one] > 0 ? "+" : "−"}${Math.abs(says[one]).toFixed(1)}`;
      return `<td class="number" data-name="${causeWords[one]}:">${Math.abs(says[one]) < 0.05 ? "0" : text}</td>`;
    });
    return `<tr><th scope="row">${escape(words.name)}${source}</th><td class="number">${escape(featureValue(name, value))}</td>${cells.join("")}</tr>`;
  });
  return [
    `<div class="card"><h3>${clock(from)} to ${clock(to)}: ${escape(named)}</h3>`,
    `<p>${percent(excess)} of the load in this time was in excess of what those who played explain: `,
    `${escape(parts.map(([name, share]) => `${partWords[name] ?? name} ${percent(share)}`).join(", "))}. `,
    `All features together: ${escape(chances.join(", "))}.</p></div>`,
    `<table class="features"><thead><tr><th>feature</th><th>value</th><th>crowd</th><th>attack</th><th>fault</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
    `<p class="soft">What each feature says for (+) and against (−) each cause, in nats; none counts more than 1.5.</p>`,
  ].join("");
}

const partWords: Readonly<Record<string, string>> = {
  held: "connections held without playing",
  other: "requests for what does not exist or cannot be understood",
  api: "API requests",
  standing: "live text, lines and places",
  bad: "what is no HTTP",
  unread: "listeners who do not read",
};
const loud = (says: Readonly<Record<string, number>>): number =>
  Object.values(says).reduce((most, one) => Math.max(most, Math.abs(one)), 0);

function without({ counterfactual }: VerdictRecord): string {
  const { capacity } = counterfactual;
  const rows = (
    [
      ["as it was", counterfactual.all],
      ["the crowd alone", counterfactual.honest],
      ["the attack alone", counterfactual.attack],
      ["without our own fault", counterfactual.withoutFault],
    ] as const
  ).map(([name, { peak, ofCapacity, holds }]) => {
    const says = {
      yes: "within what was proven",
      no: "more than was proven",
      unknown: "not known: nothing was proven",
    }[holds];
    const of = ofCapacity === undefined ? "" : percent(ofCapacity);
    return `<tr><th scope="row">${name}</th><td class="number">${figure(peak)}</td><td class="number">${of}</td><td>${says}</td></tr>`;
  });
  const proven = capacity
    ? `Proven by ${capacity.provedBy}: ${figure(capacity.players)} players and ${figure(capacity.joinsPerSecond)} joins a second, which is ${figure(capacity.load)} ms of processor a second.`
    : "No capacity was proven. A rehearsal does that (rostra rehearse): hand its record in at the desk, or say it with --capacity players=N,joins=N.";
  return [
    `<table><thead><tr><th>the highest ten seconds</th><th>ms a second</th><th>of capacity</th><th></th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
    `<p class="soft">${escape(proven)} What is unknown counts in the first and the last row.</p>`,
  ].join("");
}

function actions({ actions: all }: VerdictRecord): string {
  const { refused, closed, unread, later, laterBehaved, dropped, noSeat, placed, innocent, level, levels, acts } = all;
  const { prices, handedDown, keptBack, mostHit } = all;
  const said = [
    refused > 0 ? `${figure(refused)} requests were refused because there was too much of their kind.` : "",
    closed > 0 ? `${figure(closed)} connections were closed at once because there were too many.` : "",
    later > 0
      ? `${figure(later)} connections were told by the shield to come later, ${figure(laterBehaved)} of them from where others behave.`
      : "",
    dropped > 0
      ? `${figure(dropped)} connections were closed by the shield: from where nobody behaves and much was spent.`
      : "",
    noSeat > 0
      ? `${figure(noSeat)} times a newcomer was told that no seat was free; ${figure(placed)} places in line were given.`
      : "",
    unread > 0 ? `${figure(unread)} times a listener that did not read was skipped to the live edge or closed.` : "",
    handedDown + keptBack > 0
      ? `${figure(handedDown)} times an address or prefix was handed down to be shut out; the most that one of them hit were ${figure(mostHit)} who played. A guard kept ${figure(keptBack)} from being done.`
      : "",
    prices
      ? `${figure(prices.pricesTold)} times a price was told, ${figure(prices.pricesToldPersisting)} of them to addresses that left many unanswered; ${figure(prices.pricesPaid)} were paid by work, ${figure(prices.pricesWaited)} by waiting, and ${figure(prices.answersRefused)} answers were refused.`
      : "",
    ...acts.map(({ at, what }) => `${clock(at)} ${what}`),
    ...levels.map(({ at, what }) => `${clock(at)} ${what}`),
  ].filter((one) => one !== "");
  if (said.length === 0)
    return `<p class="card">Nothing was refused and nobody was closed. The level of service stayed at 0.</p>`;
  const whom =
    innocent === 0
      ? "Nobody who had done nothing wrong was refused anything."
      : `How many of those it hit were innocent is not known: at most ${figure(innocent)} refusals hit somebody who had done nothing wrong.`;
  return list([
    ...said,
    level > 0 ? `The level of service rose to ${level}.` : "The level of service stayed at 0.",
    whom,
  ]);
}

const blind = ({ blindSpots, withoutVoice }: VerdictRecord): string[] => [
  ...blindSpots,
  ...(withoutVoice.length === 0
    ? []
    : [
        `Without a voice this time, for want of data: ${withoutVoice.map((name) => featureWords[name].name).join("; ")}.`,
      ]),
];

function evidence({ evidence: all, versions, calibration }: VerdictRecord): string {
  const chains = all.map(({ process, records, first, head, breaks }) =>
    breaks.length === 0
      ? `${process}: ${records} records${first > 0 ? ` from number ${first} on` : ""}, signed and unbroken; the last is ${head}.`
      : `${process}: the chain does not hold. ${breaks.join("; ")}. Only records that hold were used.`,
  );
  return list([
    ...chains,
    `Written by Rostra ${versions.join(", ")}.`,
    `Calibrated with ${calibration.made}, made-up traffic; how good it is, and what it misses, stands in docs/verdict.md.`,
    "Admission does not depend on this verdict: nobody was let in or kept out by it.",
  ]);
}

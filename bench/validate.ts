/**
 * `npm run rehearse:validate`: holds the model of `rostra plan` against real runs that it was not fitted on. It calibrates this
 * machine, then for each run asks the model and starts a server and a swarm, and prints what was measured, what was foretold and by
 * how much that was off. It takes a quarter of an hour; --all makes the four runs of 20,000 over TLS as well, which take nearly as long again.
 * Options: --only 1000,flash,plain,1 (parts of a run's name), --seconds N (steady state of each run, 4), --calibration FILE (instead of
 * measuring), --shorten N (an Nth of the listeners in an Nth of the time, to try it), --json, and --keep, which writes the record that every plan
 * tells of (src/rehearsal/model/model-error.reference.json), and the table and the plans of docs/rehearsal.md.
 */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureRecord } from "../src/apps/calibrate.ts";
import { fullScale } from "../src/apps/calibrate/measuring.ts";
import { type CalibrationRecord, readCalibration } from "../src/rehearsal/model/calibration.ts";
import { format, putBetween } from "./document.ts";
import { machine } from "./figures.ts";
import { arrangement } from "./validate/arrangement.ts";
import { all, cellName, cells, chosen, shortened } from "./validate/cells.ts";
import { peopleOf, predict, probing, questionOf } from "./validate/prediction.ts";
import { measure } from "./validate/run.ts";
import { errorOf, type Held, table } from "./validate/table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seconds: { type: "string", default: "4" },
    calibration: { type: "string" },
    shorten: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
if (!(seconds >= 2)) throw new Error("--seconds takes a number from 2 on");
const shorten = Number(values.shorten);
if (!(shorten >= 1)) throw new Error("--shorten takes a number from 1 on");
const runs = chosen(values.only, values.all ? all : cells).map((cell) => shortened(cell, shorten));
if (values.keep && (runs.length < cells.length || shorten > 1))
  throw new Error("--keep takes all runs, whole: not --only some, nor --shorten");

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const processors = arrangement();
if (!processors) say("the edges share their processor with the swarm here: the waits are not only theirs");
const calibration = await calibrated();
const held: Held[] = [];
for (const [i, cell] of runs.entries()) {
  say(`run ${i + 1} of ${runs.length}: ${cellName(cell)}`);
  try {
    const measured = await measure(cell, seconds, processors);
    const model = predict(questionOf(cell, 1, seconds), peopleOf(cell, measured.page), calibration, {
      ...probing,
      alone: measured.alone.histogram,
    });
    held.push({ cell, measured, model, failed: undefined });
    say(table(held.slice(-1)).split("\n").slice(2).join("\n"));
  } catch (thrown) {
    say(`it failed: ${String(thrown)}`);
    held.push({ cell, measured: undefined, model: undefined, failed: String(thrown) });
  }
}
const where = `${new Date().toISOString().slice(0, 10)}, ${machine()}; the edges on one core, the swarm on the other`;
const error = errorOf(held, where);
if (values.json) process.stdout.write(`${JSON.stringify({ calibration, held, error })}\n`);
else process.stdout.write(`${table(held)}\n\n${JSON.stringify(error, undefined, 2)}\n`);
if (values.keep && !error) throw new Error("nothing is kept: no run can be held against the model, see the table");
if (values.keep) {
  const file = join(import.meta.dirname, "../src/rehearsal/model/model-error.reference.json");
  await writeFile(file, `${JSON.stringify(error, undefined, 2)}\n`);
  format(file);
  await putBetween("docs/rehearsal.md", "model-error", `Measured ${where}:\n\n${table(held)}`);
  // Every plan tells of it.
  execFileSync(process.execPath, [join(import.meta.dirname, "plans.ts"), "--write"], { stdio: "ignore" });
  say("kept: the record, and the table and the plans of docs/rehearsal.md");
}

/** What things cost here: as a file says, or as it is measured now, with the edge where it is in the runs. */
async function calibrated(): Promise<CalibrationRecord> {
  if (values.calibration !== undefined)
    return readCalibration(JSON.parse(await readFile(values.calibration, "utf8")), values.calibration);
  const { signal } = new AbortController();
  return measureRecord({ scale: fullScale, say, signal, ...(processors && { processors }) });
}

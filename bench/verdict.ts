/**
 * How good the verdict is, on traffic that it has not seen: `npm run bench:verdict`. With `--calibrate` it is calibrated anew from the
 * training seeds and frozen in `src/verdict/calibrated.ts`; without, only the test seeds are played, and the tables of
 * docs/verdict.md are printed. `--times N` plays N times as many scenes.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Case, play, scenariosOf } from "./verdict/cases.ts";
import { calibratedBy, freeze } from "./verdict/freeze.ts";
import { tables } from "./verdict/tables.ts";

const { values } = parseArgs({ options: { calibrate: { type: "boolean" }, times: { type: "string" } } });
const times = Number(values.times ?? 1);
/** Seeds that no two sets share. */
const seeds = { training: 11_000_000, others: 12_000_000, test: 61_000_000, shares: 62_000_000 };
const playAll = (firstSeed: number, often: number, innocent?: number): Case[] =>
  scenariosOf(firstSeed, often, innocent).map(play);

const training = playAll(seeds.training, 2 * times, 4);
const others = playAll(seeds.others, times, 6);
if (values.calibrate === true) {
  const made = `${training.length} scenes from seed ${seeds.training}, ${others.length} from seed ${seeds.others}`;
  const calibrated = calibratedBy(training, others, made);
  const file = fileURLToPath(new URL("../src/verdict/calibrated.ts", import.meta.url));
  await freeze(calibrated, file);
  const { temperature, bounds, errors } = calibrated;
  console.log(`frozen in ${file}:`, { temperature, bounds, errors });
} else {
  const { calibrated } = await import("../src/verdict/calibrated.ts");
  const test = playAll(seeds.test, times);
  console.log(tables({ calibrated, training, others, test, shareSeed: seeds.shares, times }));
}

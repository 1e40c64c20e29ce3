import { type CalibrationRecord, readCalibration } from "./calibration.ts";
import record from "./calibration.reference.json" with { type: "json" };
import { type ModelError, readModelError } from "./model-error.ts";
import error from "./model-error.reference.json" with { type: "json" };

/** What was measured for this project, on its own machine: what a plan stands on when it is given nothing better. */
export const reference: CalibrationRecord = readCalibration(record, "the reference");

/**
 * How far the model was off in the real runs that were kept (`npm run rehearse:validate -- --keep`): what a plan says of itself
 * when it is given nothing better. Undefined while none are kept: the file is `null` then.
 */
export const referenceError: ModelError | undefined =
  (error as unknown) === null ? undefined : readModelError(error, "the kept runs");

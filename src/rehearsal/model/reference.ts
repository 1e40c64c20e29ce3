import { type CalibrationRecord, readCalibration } from "./calibration.ts";
import record from "./calibration.reference.json" with { type: "json" };

/** What was measured for this project, on its own machine: what a plan stands on when it is given nothing better. */
export const reference: CalibrationRecord = readCalibration(record, "the reference");

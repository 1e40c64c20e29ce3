import type { CalibrationRecord, Measured } from "./calibration.ts";

const measured = (value: number, low: number, high: number): Measured => ({
  value,
  low,
  high,
  source: "made for tests",
});

/** Costs of the order of a real machine's that stay what they are: what is tested with them does not depend on the latest measurement. */
export const calibration: CalibrationRecord = {
  v: 1,
  name: "fixture",
  measured: "2026-11-22",
  machine: { cpu: "none", cores: 2, kernel: "none", node: "none", notes: "made for tests" },
  costs: {
    accept: measured(41, 32, 99),
    handshakeFull: measured(579, 527, 658),
    handshakeResumed: measured(495, 424, 572),
    pageRequest: measured(29, 24, 59),
    stateRequest: measured(29, 25, 59),
    join: measured(80, 45, 129),
    write: measured(14, 13, 15),
    writeTls: measured(30, 27, 33),
    numberedRequest: measured(39, 35, 68),
    memoryStream: measured(4700, 4500, 4900),
    memoryStreamTls: measured(55000, 50000, 60000),
    memoryKept: measured(11000, 9300, 11200),
    memoryWorker: measured(72000000, 70000000, 75000000),
  },
};

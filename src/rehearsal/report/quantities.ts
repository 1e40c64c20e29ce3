import type { Quantity } from "./record.ts";

/** Short ways to write a quantity of a record. */
export const count = (value: number): Quantity => ({ value, unit: "count" });
export const span = (value: number): Quantity => ({ value, unit: "s" });
export const moment = (value: number): Quantity => ({ value, unit: "at" });
export const share = (value: number): Quantity => ({ value, unit: "share" });
export const bits = (value: number): Quantity => ({ value, unit: "bit/s" });
export const bytes = (value: number): Quantity => ({ value, unit: "bytes" });
export const money = (value: number, currency: string): Quantity => ({ value, unit: "money", currency });

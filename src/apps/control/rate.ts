import type { BudgetLimits } from "../../foundation/budget.ts";

/** What one address may change. */
export const writeLimits: BudgetLimits = { burst: 60, perSecond: 4, what: "changes" };
/**
 * What one address may ask: pages ask once when they open, and many people may be behind one address, so this is for floods. The
 * opening of a WebSocket counts too.
 */
export const readLimits: BudgetLimits = { burst: 1000, perSecond: 100, what: "questions" };

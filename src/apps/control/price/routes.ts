import type { FastifyInstance } from "fastify";
import type { Price as PriceTold, PriceCounts } from "../../../wire/price.ts";
import type { Context } from "../context.ts";
import { invalidBody } from "../problems.ts";
import { clientSubject } from "../request-facts.ts";
import { isPricedAct, pricedActs } from "./acts.ts";

interface Question {
  readonly Querystring: { readonly for?: string; readonly space?: string };
}

/** `/api/v1/price`, for clients that would rather know before they act; and, for this machine alone, how it was met. */
export function registerPrice(app: FastifyInstance, context: Context): void {
  app.get<Question>("/api/v1/price", async (request): Promise<PriceTold> => {
    const { for: act = "", space } = request.query;
    if (!isPricedAct(act)) throw invalidBody(`The query's for is one of ${Object.keys(pricedActs).join(", ")}.`, "");
    const found = space === undefined ? undefined : await context.director.need(space);
    const wish = { act, space: found?.id ?? "", waiting: act === "hand" ? (found?.room.hands ?? 0) : 0 };
    return context.price.ask(wish, { address: clientSubject(request), free: context.exemption(request) });
  });
  app.get("/internal/price", (): PriceCounts => context.price.counts);
}

import { reason } from "../../foundation/errors.ts";
import type { Secrets } from "../../store/secrets.ts";
import type { ProcessConfig } from "../config.ts";
import { version } from "../version.ts";
import type { Diary } from "./diary.ts";
import type { Director } from "./director.ts";
import type { Price } from "./price/price.ts";

export interface KeepDiaryOptions {
  readonly config: ProcessConfig;
  readonly secrets: Secrets;
  readonly director: Director;
  readonly price: Price;
}

/** Control's own chain of evidence, `control`; nothing when nobody wants one, or it cannot be kept: control works all the same. */
export async function keepDiary({ config, secrets, director, price }: KeepDiaryOptions): Promise<Diary | undefined> {
  if (process.env["ROSTRA_EVIDENCE"] === "0") return undefined;
  const { log, scope, publicUrl, databaseUrl, port, ending } = config;
  try {
    const [{ Diary: Kept }, { openChain }] = await Promise.all([import("./diary.ts"), import("../edge/chain.ts")]);
    const chain = await openChain({ ...config, secrets, process: "control" });
    const diary = new Kept({ director, append: (body) => chain.append(body), prices: () => price.counts });
    diary.begin({
      version: await version(),
      process: "control",
      succeeds: false,
      configuration: {
        port,
        node: process.versions.node,
        publicUrl: publicUrl ?? "",
        database: databaseUrl === undefined ? "embedded" : "postgresql",
      },
    });
    scope.every(Kept.lookMs, () => diary.look());
    scope.onEnd(async () => {
      await diary.end(ending?.why ?? "stopped");
      await chain.close();
      log.info("evidence-head", { ...chain.head });
    });
    return diary;
  } catch (thrown) {
    log.warn("evidence-not-kept", { reason: reason(thrown) });
    return undefined;
  }
}

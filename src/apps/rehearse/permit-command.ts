import type { ParseArgsConfig } from "node:util";
import { Problem } from "../../foundation/errors.ts";
import { Link } from "../../foundation/link.ts";
import { isPermitCode, maxPermitListeners, maxPermitMs, type Permit } from "../../wire/rehearsal.ts";
import { runFolder, sockets } from "../config.ts";
import { duration, off, whole } from "../plan/words.ts";
import { notRunning } from "../serve/owner-link.ts";
import { readWords } from "../serve/usage.ts";

const usage = `rostra rehearsal-permit: permit one rehearsal from another machine, on the machine of the running server

  rostra rehearsal-permit CODE
    CODE             what \`rostra rehearse\` printed there
    --data DIR       data folder of the running server             (./data, or $ROSTRA_DATA)
    --for LENGTH     how long it holds                             (1h, at most 24h)
    --listeners N    the most listeners                            (10000)
    --withdraw       permit it no longer: the run ends within seconds
`;

const flags = {
  data: { type: "string" },
  for: { type: "string" },
  listeners: { type: "string" },
  withdraw: { type: "boolean" },
  help: { type: "boolean" },
} satisfies ParseArgsConfig["options"];

/** `rostra rehearsal-permit`: asks the running server for it. */
export async function permitRehearsal(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const code = args.find(isPermitCode);
  const words = readWords(
    args.filter((one) => one !== code),
    flags,
    "rostra rehearsal-permit --help",
  );
  if (words.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  if (code === undefined)
    throw off("rostra rehearsal-permit", args[0] ?? "", "the code that `rostra rehearse` printed");
  const forMs = duration("--for", words.for ?? "1h");
  if (forMs > maxPermitMs) throw off("--for", words.for ?? "", "a length of at most 24h");
  const listeners = whole("--listeners", words.listeners ?? "10000");
  if (listeners > maxPermitListeners) throw off("--listeners", String(listeners), `at most ${maxPermitListeners}`);
  const path = sockets.control(await runFolder(words.data ?? env["ROSTRA_DATA"] ?? "data"));
  const link = new Link(path, 1);
  const running = <T>(asked: Promise<T>): Promise<T> =>
    asked.catch((failure: unknown) => {
      throw failure instanceof Problem ? failure : notRunning(path, failure);
    });
  try {
    if (words.withdraw === true) {
      await running(link.json<void>({ method: "DELETE", path: `/internal/rehearsal-permits/${code}` }));
      process.stdout.write("It is permitted no longer.\n");
      return 0;
    }
    const body = { code, forMs, listeners };
    const permit = await running(link.json<Permit>({ method: "POST", path: "/internal/rehearsal-permits", body }));
    process.stdout.write(
      `Permitted: at most ${permit.listeners} listeners until ${new Date(permit.until).toISOString()}.\n`,
    );
    return 0;
  } finally {
    link.close();
  }
}

/**
 * `node bench/plans.ts`: the plans of docs/rehearsal.md, as they are printed there: for one and for eight million, with and without
 * TLS, with and without the loss of an edge.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const rostra = join(import.meta.dirname, "../src/apps/rostra.ts");

for (const listeners of ["1M", "8M"]) {
  for (const tls of ["", ",tls"]) {
    for (const loss of [[], ["--lose", "1@T+30s"]]) {
      const args = ["plan", "--listeners", listeners, "--edge", `cores=16,nic=25G,mem=64G${tls}`, ...loss];
      const printed = execFileSync(process.execPath, [rostra, ...args], { encoding: "utf8" });
      const [answer = ""] = printed.split("\n\nThe question\n");
      process.stdout.write(`\`\`\`\n$ rostra ${args.join(" ")}\n${answer}\n\`\`\`\n\n`);
    }
  }
}

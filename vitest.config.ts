import { defineConfig } from "vitest/config";

const shared = { pool: "forks", testTimeout: 20_000, hookTimeout: 30_000, sequence: { hooks: "stack" } } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: "rooms",
          include: ["src/**/*.test.ts", "web/**/*.test.{ts,tsx}", "test/*.test.ts"],
          maxWorkers: 2,
          sequence: { ...shared.sequence, groupOrder: 0 },
        },
      },
      {
        // Whole servers, browsers and players: one after the other, so that each has the machine for itself.
        test: {
          ...shared,
          name: "end to end",
          include: ["test/e2e/**/*.test.ts"],
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { ...shared.sequence, groupOrder: 1 },
        },
      },
    ],
  },
});

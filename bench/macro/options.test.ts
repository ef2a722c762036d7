// The suite has the options that `millrace bench` has, and says what an installed package lacks before it measures.

import { expect, test } from "vitest";
import { benchOptions } from "../../sdk/cli/commands/bench-options.ts";
import { parseCommandLine, usage } from "./options.ts";

const inPackage = (...args: readonly string[]) => parseCommandLine(args, false);
const inRepository = (...args: readonly string[]) => parseCommandLine(args, true);

test("every option that is declared is told and taken", () => {
  const values: Readonly<Record<string, string>> = { size: "smoke", parts: "memory" };
  for (const [name, { kind }] of Object.entries(benchOptions)) {
    expect(usage).toContain(`--${name} `);
    const given = kind === "flag" ? `--${name}` : `--${name}=${values[name] ?? "3"}`;
    expect(inRepository(given), name).toMatchObject({ kind: "run" });
  }
  expect(() => inRepository("--no-such-option")).toThrow("--help lists the options");
});

test("what only the repository has is refused in a package, and nothing else", () => {
  const publish = "--publish replaces bench/RESULTS.md in the project's repository";
  expect(() => inPackage("--publish")).toThrow(publish);
  expect(() => inPackage("--publish", "--report", "results.jsonl")).toThrow(publish);
  expect(() => inPackage("--parts", "memory,kernels")).toThrow("--parts kernels needs the project");
  expect(inPackage("--parts", "memory,profiles")).toMatchObject({
    options: { parts: ["memory", "profiles"], publish: false },
  });
  expect(inRepository("--publish")).toMatchObject({
    options: { parts: ["kernels", "memory", "profiles"], publish: true },
  });
});

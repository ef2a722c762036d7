// What belongs to the engine, what to the job, and how mistakes are named.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CommandSpec, parseCommand } from "./arguments.ts";

const jobCommand: CommandSpec = {
  name: "run",
  summary: "Runs a job",
  operands: "JOB [job flags…]",
  takesJob: true,
  options: {
    threads: { kind: "value", value: "N", describe: "how many" },
    quiet: { kind: "flag", describe: "less" },
  },
  examples: [["millrace run job.ts", "an example"]],
};
const plainCommand: CommandSpec = { ...jobCommand, name: "output", takesJob: false };

describe("a command line", () => {
  test("what follows the job's path is the job's, whatever it looks like", async () => {
    const args = ["--threads", "2", "job.ts", "--threads", "9", "--help", "-x", "--", "007"];
    expect(await parseCommand(jobCommand, args)).toEqual({
      values: { threads: "2" },
      operands: ["job.ts"],
      jobFlags: ["--threads", "9", "--help", "-x", "--", "007"],
    });
  });

  test("any words after the path arrive untouched", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string()), async (words) => {
        const parsed = await parseCommand(jobCommand, ["--quiet", "a.ts", ...words]);
        expect(parsed.jobFlags).toEqual(words);
        expect(parsed.operands).toEqual(["a.ts"]);
      }),
      { numRuns: 50 },
    );
  });

  test("other commands take options on both sides of their operand", async () => {
    const parsed = await parseCommand(plainCommand, ["out/7", "--threads=3", "--quiet"]);
    expect(parsed.values).toEqual({ threads: "3", quiet: true });
    expect(parsed.operands).toEqual(["out/7"]);
  });

  test("text stays text, and the last of several wins", async () => {
    const parsed = await parseCommand(plainCommand, ["007", "--threads", "1", "--threads", "0x2"]);
    expect(parsed.operands).toEqual(["007"]);
    expect(parsed.values.threads).toBe("0x2");
  });

  test("help shows usage, options and an example", async () => {
    const { help } = await parseCommand(jobCommand, ["--help"]);
    expect(help).toBe(
      "Runs a job\n\n" +
        "Usage: millrace run [options] JOB [job flags…]\n\n" +
        "Options:\n" +
        "  --threads N  how many\n" +
        "  --quiet      less\n" +
        "  -h, --help   Show this help\n\n" +
        "Examples:\n  millrace run job.ts\n      an example\n",
    );
  });

  test.each([
    [["--thraeds", "2", "job.ts"], "run has no option --thraeds; did you mean --threads?"],
    [["--input", "x", "job.ts"], "flags of the job stand after its path"],
    [["-q", "job.ts"], "run has no option -q"],
    [["--threads"], "--threads needs N"],
  ])("%j is refused", async (args, message) => {
    await expect(parseCommand(jobCommand, args)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(message),
    });
  });
});

// Splits a command line: the command, its own options, and what belongs to the job after its path.

import yargs, { type Argv } from "yargs";
import { EngineError } from "../../proto/errors.ts";
import { nearestWord } from "../../proto/words/nearest-word.ts";
import { tableText } from "./table-text.ts";

export interface OptionSpec {
  readonly kind: "value" | "flag";
  /** Shown in the help. */
  readonly describe: string;
  /** What a value is, such as `FILE`. */
  readonly value?: string;
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** As shown in the help: `JOB [job flags…]`. */
  readonly operands: string;
  /** Everything after the first operand belongs to the job, as with `node`. */
  readonly takesJob: boolean;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly (readonly [command: string, what: string])[];
}

export interface ParsedCommand {
  /** Options as they were written; flags are booleans, values are text. */
  readonly values: Readonly<Record<string, string | boolean>>;
  /** The operands; of a job command only the job's path. */
  readonly operands: readonly string[];
  /** What follows the job's path, untouched. */
  readonly jobFlags: readonly string[];
  /** Set when help was asked for: the text to show. */
  readonly help?: string;
}

/** Text is never turned into numbers, lists or nested objects: a file may be called `007`. */
const parserSettings = {
  "boolean-negation": false,
  "camel-case-expansion": false,
  "dot-notation": false,
  "duplicate-arguments-array": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
} as const;

function parserOf(spec: CommandSpec, args: readonly string[]): Argv {
  const parser = yargs([...args])
    .locale("en")
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({ ...parserSettings, "halt-at-non-option": spec.takesJob })
    .strictOptions();
  for (const [name, option] of Object.entries(spec.options)) {
    if (option.kind === "flag") parser.option(name, { type: "boolean" });
    else parser.option(name, { type: "string", requiresArg: true });
  }
  return parser.option("help", { alias: "h", type: "boolean" });
}

/** Examples stand on lines of their own, to be copied. */
export function helpText(spec: CommandSpec): string {
  const rows = Object.entries(spec.options).map(([name, { value, describe }]) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    describe,
  ]);
  const examples = spec.examples.map(([command, what]) => `  ${command}\n      ${what}\n`);
  return (
    `${spec.summary}\n\n` +
    `${`Usage: millrace ${spec.name} [options] ${spec.operands}`.trimEnd()}\n\n` +
    `Options:\n${tableText([...rows, ["-h, --help", "Show this help"]])}\n` +
    `Examples:\n${examples.join("")}`
  );
}

/** The parser's messages in our words. */
function usageMessage(spec: CommandSpec, message: string): string {
  const missing = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (missing !== undefined) {
    const value = spec.options[missing]?.value ?? "a value";
    return `--${missing} needs ${value}`;
  }
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1]?.split(", ")[0];
  if (unknown === undefined) return message;
  const dashes = unknown.length === 1 ? "-" : "--";
  const near = nearestWord(unknown, [...Object.keys(spec.options), "help"]);
  const hint = near === undefined ? "" : `; did you mean --${near}?`;
  const place = spec.takesJob ? "; flags of the job stand after its path" : "";
  return `${spec.name} has no option ${dashes}${unknown}${hint === "" ? place : hint}`;
}

/** Throws USAGE for options that the command does not have. */
export async function parseCommand(
  spec: CommandSpec,
  args: readonly string[],
): Promise<ParsedCommand> {
  let problem: string | undefined;
  const parser = parserOf(spec, args).fail((message, error) => {
    problem ??= message ?? error.message;
  });
  const parsed = await parser.parseAsync();
  if (parsed.help === true) {
    return { values: {}, operands: [], jobFlags: [], help: helpText(spec) };
  }
  if (problem !== undefined) {
    throw new EngineError(
      "USAGE",
      `${usageMessage(spec, problem)}; see millrace ${spec.name} --help`,
    );
  }
  const values: Record<string, string | boolean> = {};
  for (const name of Object.keys(spec.options)) {
    const value = parsed[name];
    if (typeof value === "string" || typeof value === "boolean") values[name] = value;
  }
  const words = parsed._.map(String);
  if (!spec.takesJob) return { values, operands: words, jobFlags: [] };
  return { values, operands: words.slice(0, 1), jobFlags: words.slice(1) };
}

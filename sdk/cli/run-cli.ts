// From a command line to an exit code: finds the command, runs it, shows what went wrong.

import { EngineError, errorTable } from "../../proto/errors.ts";
import { nearestWord } from "../../proto/words/nearest-word.ts";
import { commandEntries, generalHelp } from "./commands.ts";
import { reportFailure } from "./failures.ts";
import { ReaderGone, type World } from "./ports.ts";

/** Whether failures are to be shown as JSON: as far as can be told before anything was parsed. */
export function wantsJson(args: readonly string[]): boolean {
  for (const arg of args.slice(1)) {
    if (arg === "--json") return true;
    if (arg === "--") return false;
    // What follows the job's path belongs to the job.
    if (/\.[mc]?[jt]s$/.test(arg)) return false;
  }
  return false;
}

async function runCommandLine(args: readonly string[], world: World): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    world.note(generalHelp());
    return errorTable.USAGE.exit;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const [topic] = rest;
    if (topic !== undefined) return await runCommandLine([topic, "--help"], world);
    await world.print(generalHelp());
    return 0;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    await world.print(`${world.version}\n`);
    return 0;
  }
  const entry = commandEntries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw unknownCommand(name);
  const [command, { parseCommand }] = await Promise.all([entry.load(), import("./arguments.ts")]);
  const parsed = await parseCommand(command.spec, rest);
  if (parsed.help !== undefined) {
    await world.print(parsed.help);
    return 0;
  }
  return await command.run(world, parsed);
}

function unknownCommand(name: string): EngineError {
  const names = commandEntries.map((entry) => entry.name);
  if (name.startsWith("-")) {
    return new EngineError(
      "USAGE",
      `millrace has no option ${name} before a command; see millrace --help`,
    );
  }
  if (/\.[mc]?[jt]sx?$/.test(name)) {
    return new EngineError("USAGE", `millrace has no command ${name}; did you mean run ${name}?`);
  }
  const near = nearestWord(name, names);
  const hint = near === undefined ? "" : `did you mean ${near}? `;
  return new EngineError(
    "USAGE",
    `millrace has no command ${name}; ${hint}Commands: ${names.join(", ")}`,
  );
}

/** Never rejects: every failure becomes text and an exit code. */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  try {
    return await runCommandLine(args, world);
  } catch (failure) {
    if (failure instanceof ReaderGone) return 0;
    return reportFailure(failure, wantsJson(args), world.note);
  }
}

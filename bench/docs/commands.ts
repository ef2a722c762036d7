// Checks that the commands in the pages exist: scripts, files, subcommands and their flags.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Block, type Command, commandsOf } from "./blocks.ts";

/** Programs a reader has or installs; they are not ours to check. */
const otherPrograms = new Set([
  ...[
    "aws",
    "bash",
    "cat",
    "cd",
    "curl",
    "diff",
    "docker",
    "echo",
    "export",
    "git",
    "head",
    "helm",
    "jq",
  ],
  ...[
    "kill",
    "kubectl",
    "ls",
    "mc",
    "mkdir",
    "npx",
    "openssl",
    "printf",
    "rm",
    "sh",
    "sleep",
    "time",
  ],
]);

/** `millrace …` and `npx millrace …` are the same program. */
function millraceArguments(words: readonly string[]): readonly string[] | undefined {
  if (words[0] === "millrace") return words.slice(1);
  return words[0] === "npx" && words[1] === "millrace" ? words.slice(2) : undefined;
}

export interface Project {
  readonly root: string;
  /** Prints the help of `millrace <subcommand…>`. */
  help(subcommand: readonly string[]): string;
}

export function projectAt(root: string): Project {
  const shim = join(root, "sdk/cli/millrace.mjs");
  const known = new Map<string, string>();
  const help = (subcommand: readonly string[]) => {
    const key = subcommand.join(" ");
    const before = known.get(key);
    if (before !== undefined) return before;
    const args = [shim, ...subcommand, "--help"];
    const result = spawnSync(process.execPath, args, { encoding: "utf8" });
    const text = result.status === 0 ? result.stdout : "";
    known.set(key, text);
    return text;
  };
  return { root, help };
}

function hasWord(text: string, word: string): boolean {
  return text.split(/[\s,=[\]<>]+/).includes(word);
}

function millraceProblem(project: Project, args: readonly string[]): string | undefined {
  const [subcommand, ...rest] = args;
  if (subcommand === undefined) return undefined;
  const general = project.help([]);
  if (general === "") return "millrace --help failed: is it built?";
  if (subcommand.startsWith("-")) {
    return hasWord(general, subcommand) ? undefined : `millrace has no ${subcommand}`;
  }
  if (!hasWord(general, subcommand)) return `millrace has no command ${subcommand}`;
  const specific = project.help([subcommand]);
  // What follows the job's path belongs to the job.
  const job = rest.findIndex((word) => /\.m?[jt]s$/.test(word));
  const own = job < 0 ? rest : rest.slice(0, job);
  const flags = own
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.split("=")[0] ?? "");
  const unknown = flags.find((flag) => !hasWord(specific, flag));
  if (unknown === undefined) return undefined;
  return `millrace ${subcommand} has no ${unknown}`;
}

function npmProblem(root: string, words: readonly string[]): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const [, verb = "", name = ""] = words;
  if (["ci", "install", "i", "init", "pack", "link"].includes(verb)) return undefined;
  const script = verb === "run" ? name : verb;
  return scripts[script] === undefined ? `package.json has no script ${script}` : undefined;
}

function nodeProblem(root: string, words: readonly string[]): string | undefined {
  const file = words.slice(1).find((word) => !word.startsWith("-"));
  if (file === undefined || existsSync(join(root, file))) return undefined;
  return `there is no file ${file}`;
}

function isOnPath(program: string): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

export function commandProblem(project: Project, { words }: Command): string | undefined {
  const [program = ""] = words;
  const ours = millraceArguments(words);
  if (ours !== undefined) return millraceProblem(project, ours);
  if (program === "npm") return npmProblem(project.root, words);
  if (program === "node") return nodeProblem(project.root, words);
  if (program.includes("/")) {
    return existsSync(join(project.root, program)) ? undefined : `there is no file ${program}`;
  }
  if (otherPrograms.has(program) || isOnPath(program)) return undefined;
  return `unknown program ${program}`;
}

/** One line per problem: `README.md:12: message`. */
export function commandProblems(project: Project, blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) =>
    commandsOf(block).flatMap((command) => {
      const problem = commandProblem(project, command);
      return problem === undefined ? [] : [`${block.page}:${command.line}: ${problem}`];
    }),
  );
}

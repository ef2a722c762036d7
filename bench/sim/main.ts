// `npm run sim`: whole clusters from seeds. One seed, told in full; or as many as fit some minutes.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { toErrorRecord } from "../../proto/errors.ts";
import { realClock } from "../../proto/io/clock.ts";
import { realSeed } from "../../proto/io/seed.ts";
import { checkSeed, failureOf, failureText } from "./check-seed.ts";
import { faultNames, faultTable } from "./fault-table.ts";
import { keepSeed, readSeeds } from "./kept-seeds.ts";
import { runLanes, type SeedAnswer } from "./lanes.ts";
import { commandOf, drawOptions, type Overrides, parseFaultNames } from "./options.ts";
import type { SimOutcome } from "./run.ts";
import { shrink } from "./shrink.ts";
import { addOutcome, newTotals, reportOf, rowsOfTotals, type Totals } from "./totals.ts";

const usage = `Usage: npm run sim -- --seed N [--only FAULT,…|none] [--events N] [--jobs N] [--pace N] [--calmer N]
       npm run sim -- --minutes M | --count N [--workers 2] [--first N] [--out FILE]
       npm run sim -- --kept
       npm run sim -- --faults

Runs whole clusters (masters, workers, clients, store) in virtual time, each from one seed and each twice.
  --seed     one seed: its options, what happened, its trace hash; a failing one is shrunk
  --minutes  as many seeds as fit into that time, on --workers processes; writes --out and its .json
  --count    that many seeds; with --minutes, whatever ends first
  --only     these faults alone, as --faults names them, instead of those that the seed draws
  --events   things that happen; --jobs: jobs; --pace: how much slower clocks are; --calmer: divides all rates
  --first    the first seed, instead of one drawn now
  --kept     the seeds in bench/sim/seeds.txt
  --faults   what can be injected`;

/** Says what is wrong and what to do, and ends. */
function refuse(problem: string): never {
  console.error(`${problem}\n\n${usage}`);
  return process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        seed: { type: "string" },
        only: { type: "string" },
        events: { type: "string" },
        jobs: { type: "string" },
        pace: { type: "string" },
        calmer: { type: "string" },
        minutes: { type: "string" },
        count: { type: "string" },
        first: { type: "string" },
        workers: { type: "string", default: "2" },
        out: { type: "string", default: "simulation.md" },
        kept: { type: "boolean", default: false },
        faults: { type: "boolean", default: false },
        serve: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (thrown) {
    return refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

const values = parse();
const modes = (["seed", "kept", "faults"] as const).filter((name) => values[name]);
const isForMany = values.minutes !== undefined || values.count !== undefined;
if (modes.length + Number(isForMany) > 1) {
  refuse("--seed, --kept, --faults and --minutes or --count exclude one another; give one of them");
}

const root = join(import.meta.dirname, "../../..");
const seedsFile = join(root, "bench/sim/seeds.txt");
const seedMax = 2 ** 32 - 1;

type NumberName =
  | ("seed" | "first" | "minutes" | "count" | "workers")
  | ("events" | "jobs" | "pace" | "calmer");

/** A whole number in a range, unless `isWhole` is false. */
function numberOf(name: NumberName, least: number, most: number, isWhole = true) {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = text.trim() === "" ? Number.NaN : Number(text);
  const isFit = isWhole ? Number.isInteger(number) : Number.isFinite(number);
  if (isFit && number >= least && number <= most) return number;
  const kind = isWhole ? "a whole number" : "a number";
  return refuse(`--${name} must be ${kind} from ${least} to ${most}, not "${text}"`);
}

function faultsOf(text: string) {
  try {
    return parseFaultNames(text === "none" ? "" : text);
  } catch (thrown) {
    return refuse(`--only: ${toErrorRecord(thrown).message}`);
  }
}

function overridesOf(): Overrides {
  return {
    only: values.only === undefined ? undefined : faultsOf(values.only),
    events: numberOf("events", 1, 1000),
    jobs: numberOf("jobs", 1, 100),
    pace: numberOf("pace", 1, 1000),
    calmer: numberOf("calmer", 1, 1000),
  };
}

function git(...args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", [...args], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}

/** A seed means the same run only at the same commit. */
function commit(): string {
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head === undefined) return "unknown";
  const changed = git("status", "--porcelain", "--", "master", "worker", "sdk", "proto", "bench");
  const isChanged = (changed ?? "").split("\n").some((line) => /\.ts$/.test(line));
  return isChanged ? `${head} with changes` : head;
}

function show(rows: readonly (readonly [string, string | number])[]): void {
  for (const [name, value] of rows) console.log(`  ${name.padEnd(36)} ${value}`);
}

function sortedCounts(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function showShrunk(seed: number, overrides: Overrides): Promise<void> {
  console.log("shrinking …");
  const fails = async (each: number, tried: Overrides) =>
    (await failureOf(each, tried)) !== undefined;
  const least = await shrink(seed, overrides, fails);
  console.log(`least: commit ${commit()}, seed ${seed}, ${commandOf(seed, least)}`);
  console.log((await failureOf(seed, least)) ?? "");
}

async function runOne(seed: number): Promise<void> {
  const overrides = overridesOf();
  const options = drawOptions(seed, overrides);
  console.log(`seed ${seed}`);
  const { masters, workers, slots, jobs, lockUsers, pace, events } = options;
  show(Object.entries({ masters, workers, slots, jobs, lockUsers, pace, events }));
  console.log("faults");
  for (const [name, rate] of options.faults) {
    const { form, what } = faultTable[name];
    console.log(`  ${name.padEnd(18)} ${form.padEnd(5)} ${String(rate).padStart(4)}  ${what}`);
  }
  let outcome: SimOutcome;
  try {
    outcome = await checkSeed(seed, overrides);
  } catch (thrown) {
    console.log(`failed: commit ${commit()}, seed ${seed}, ${commandOf(seed, overrides)}`);
    console.log(failureText(thrown));
    await showShrunk(seed, overrides);
    process.exitCode = 1;
    return;
  }
  const totals = newTotals();
  addOutcome(totals, outcome);
  console.log("happened");
  show(sortedCounts(outcome.faultsByKind));
  console.log("in all");
  show(rowsOfTotals(totals));
  show(sortedCounts(outcome.jobsByEnd).map(([end, count]) => [`jobs: ${end}`, count]));
  console.log(`trace hash ${outcome.hash}, equal in both runs`);
}

/** In a child: seeds come as messages. */
function serve(): void {
  process.on("message", (seed: number) => {
    // Traces of the usual refusals cost time; a failing seed fails again with one.
    Error.stackTraceLimit = 0;
    checkSeed(seed)
      .then((outcome): SeedAnswer => ({ seed, outcome }))
      .catch(async (thrown): Promise<SeedAnswer> => {
        Error.stackTraceLimit = 30;
        return { seed, failure: (await failureOf(seed, {})) ?? `only once: ${thrown}` };
      })
      .then((answer) => process.send?.(answer));
  });
}

interface Many {
  readonly totals: Totals;
  readonly failures: string[];
}

/** A seed that fails is also kept. */
async function runMany(next: () => number | undefined, onFailure: (line: string) => void) {
  const many: Many = { totals: newTotals(), failures: [] };
  await runLanes({
    program: process.argv[1]!,
    lanes: numberOf("workers", 1, 64) ?? 2,
    next,
    onOutcome: (outcome) => addOutcome(many.totals, outcome),
    onFailure: (seed, why) => {
      const line = `commit ${commit()}, seed ${seed}, ${commandOf(seed, {})}`;
      many.failures.push(line);
      keepSeed(seedsFile, seed, why);
      onFailure(`${line}\n${why}`);
    },
  });
  return many;
}

async function runForMinutes(): Promise<void> {
  const firstSeed = numberOf("first", 0, seedMax) ?? Math.floor(realSeed()) % seedMax;
  const minutes = numberOf("minutes", 0.01, 100_000, false);
  const count = numberOf("count", 1, seedMax) ?? Number.POSITIVE_INFINITY;
  const startMs = realClock.nowMs();
  const untilMs = minutes === undefined ? Number.POSITIVE_INFINITY : startMs + minutes * 60_000;
  let given = 0;
  const tellEveryMs = 60_000;
  let toldMs = startMs;
  const next = (): number | undefined => {
    const nowMs = realClock.nowMs();
    if (nowMs - toldMs >= tellEveryMs) {
      toldMs = nowMs;
      console.log(`${given} seeds begun after ${((nowMs - startMs) / 60_000).toFixed(0)} min`);
    }
    if (given >= count || realClock.nowMs() >= untilMs) return undefined;
    return (firstSeed + given++) % 2 ** 32;
  };
  console.log(`first seed ${firstSeed}`);
  const { totals, failures } = await runMany(next, (text) => console.log(`failed: ${text}`));
  const realSeconds = (realClock.nowMs() - startMs) / 1000;
  const [first] = cpus();
  const head = {
    ...{ firstSeed, realSeconds, failures },
    commit: commit(),
    command: `npm run sim -- ${process.argv.slice(2).join(" ")}`,
    machine:
      `${cpus().length} × ${first?.model ?? "unknown"}, Node ${process.versions.node}, ` +
      `${values.workers} processes`,
  };
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, reportOf(head, totals));
  writeFileSync(`${values.out}.json`, `${JSON.stringify({ ...head, totals }, undefined, 2)}\n`);
  show(rowsOfTotals(totals));
  console.log(`${failures.length} failures; report in ${values.out}`);
  if (failures.length > 0) process.exitCode = 1;
}

async function runKept(): Promise<void> {
  const seeds = [...readSeeds(seedsFile)];
  const { totals, failures } = await runMany(
    () => seeds.shift(),
    (text) => console.log(`failed: ${text}`),
  );
  show(rowsOfTotals(totals));
  console.log(`${failures.length} failures`);
  if (failures.length > 0) process.exitCode = 1;
}

const seed = numberOf("seed", 0, seedMax);
if (values.help) console.log(usage);
else if (values.faults) show(faultNames.map((name) => [name, faultTable[name].what]));
else if (values.serve) serve();
else if (seed !== undefined) await runOne(seed);
else if (values.kept) await runKept();
else if (isForMany) await runForMinutes();
else refuse("Say what to run.");

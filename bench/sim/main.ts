// `npm run sim`: whole clusters from seeds. One seed, told in full; or as many as fit some minutes.

import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { realClock } from "../../proto/io/clock.ts";
import { realSeed } from "../../proto/io/seed.ts";
import { checkSeed, failureOf } from "./check-seed.ts";
import { faultNames, faultTable } from "./fault-table.ts";
import { keepSeed, readSeeds } from "./kept-seeds.ts";
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
  --first    the first seed, instead of one drawn now
  --kept     the seeds in bench/sim/seeds.txt
  --faults   what can be injected`;

const { values } = parseArgs({
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
});

const root = join(import.meta.dirname, "../../..");
const seedsFile = join(root, "bench/sim/seeds.txt");

const numberOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  console.error(`${text} is no number\n\n${usage}`);
  return process.exit(2);
};

function overridesOf(): Overrides {
  const { only } = values;
  return {
    only: only === undefined ? undefined : parseFaultNames(only === "none" ? "" : only),
    events: numberOf(values.events),
    jobs: numberOf(values.jobs),
    pace: numberOf(values.pace),
    calmer: numberOf(values.calmer),
  };
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: root,
      encoding: "utf8",
    }).trim();
  } catch {
    return "unknown";
  }
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
  const { masters, workers, slots, jobs, pace, events } = options;
  show(Object.entries({ masters, workers, slots, jobs, pace, events }));
  console.log("faults");
  show([...options.faults]);
  const failure = await failureOf(seed, overrides);
  if (failure !== undefined) {
    console.log(`failed: commit ${commit()}, seed ${seed}, ${commandOf(seed, overrides)}`);
    console.log(failure);
    await showShrunk(seed, overrides);
    process.exitCode = 1;
    return;
  }
  const outcome = await checkSeed(seed, overrides);
  const totals = newTotals();
  addOutcome(totals, outcome);
  console.log("happened");
  show(sortedCounts(outcome.faultsByKind));
  console.log("in all");
  show(rowsOfTotals(totals));
  show(sortedCounts(outcome.jobsByEnd).map(([end, count]) => [`jobs: ${end}`, count]));
  console.log(`trace hash ${outcome.hash}, equal in both runs`);
}

type Answer =
  | { readonly seed: number; readonly outcome: SimOutcome }
  | { readonly seed: number; readonly failure: string };

/** In a child: seeds come as messages. */
function serve(): void {
  process.on("message", (seed: number) => {
    // Traces of the usual refusals cost time; a failing seed fails again with one.
    Error.stackTraceLimit = 0;
    checkSeed(seed)
      .then((outcome): Answer => ({ seed, outcome }))
      .catch(async (thrown): Promise<Answer> => {
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

/** Hands out seeds until there are none; a child that dies takes its seed down as a failure. */
async function runMany(next: () => number | undefined, onFailure: (line: string) => void) {
  const many: Many = { totals: newTotals(), failures: [] };
  const fail = (seed: number, why: string): void => {
    const line = `commit ${commit()}, seed ${seed}, ${commandOf(seed, {})}`;
    many.failures.push(line);
    keepSeed(seedsFile, seed, why);
    onFailure(`${line}\n${why}`);
  };
  const lane = (): Promise<void> =>
    new Promise((resolve) => {
      const child: ChildProcess = fork(process.argv[1]!, ["--serve"], {
        execArgv: ["--max-semi-space-size=64", "--enable-source-maps"],
      });
      let seed = next();
      const ask = (): void => {
        if (seed === undefined) child.disconnect();
        else child.send(seed);
      };
      child.on("message", (answer: Answer) => {
        if ("outcome" in answer) addOutcome(many.totals, answer.outcome);
        else fail(answer.seed, answer.failure);
        seed = next();
        ask();
      });
      child.on("exit", (code) => {
        if (seed !== undefined) fail(seed, `the process ended with code ${code}`);
        resolve();
      });
      ask();
    });
  const lanes = Math.max(1, Math.floor(numberOf(values.workers) ?? 2));
  await Promise.all(Array.from({ length: lanes }, lane));
  return many;
}

async function runForMinutes(): Promise<void> {
  const firstSeed = Math.floor(numberOf(values.first) ?? realSeed());
  const minutes = numberOf(values.minutes);
  const count = numberOf(values.count) ?? Number.POSITIVE_INFINITY;
  const startMs = realClock.nowMs();
  const untilMs = minutes === undefined ? Number.POSITIVE_INFINITY : startMs + minutes * 60_000;
  let given = 0;
  const next = (): number | undefined => {
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
    machine: `${cpus().length} × ${first?.model ?? "unknown"}, Node ${process.versions.node}`,
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
  if (failures.length > 0) process.exitCode = 1;
}

const seed = numberOf(values.seed);
if (values.help) console.log(usage);
else if (values.faults) show(faultNames.map((name) => [name, faultTable[name].what]));
else if (values.serve) serve();
else if (seed !== undefined) await runOne(seed);
else if (values.kept) await runKept();
else if (values.minutes !== undefined || values.count !== undefined) await runForMinutes();
else {
  console.error(usage);
  process.exitCode = 2;
}

// The command line of the kernels' benchmark: names and numbers are looked at before anything runs.

import { parseArgs } from "node:util";

const usageOf = (
  kernels,
) => `Measures kernels in threads beside DuckDB with as many, turn by turn, and compares their answers.

Usage: node bench/micro/kernels/main.mjs [options]

Options:
  --only NAMES      between commas (default: all): ${kernels.slice(0, 3).join(", ")},
                    ${kernels.slice(3, 7).join(", ")},
                    ${kernels.slice(7).join(", ")}
  --rows MILLIONS   such as 0.5 (default 10)
  --threads N       of each side (default 2)
  --runs N          counted runs, after one warm-up (default 5)
  --json            one object a line

Rates are by the clock, then by the time of the processors, as if nothing else ran: on a busy machine only the
latter tells anything.`;

/** Of fewer rows not each of many threads has some. */
const millionsMin = 0.01;
const millionsMax = 1000;
const threadsMax = 64;

class Misused extends Error {}

function wholeNumber(name, text, most) {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new Misused(`--${name} is ${text || "empty"}; give a whole number from 1 to ${most}`);
}

function rowsOf(text) {
  const millions = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  // Some kernels have a tenth as many keys.
  if (millions >= millionsMin && millions <= millionsMax)
    return Math.round(millions * 100_000) * 10;
  const range = `from ${millionsMin} to ${millionsMax}, such as 0.5`;
  throw new Misused(`--rows is ${text || "empty"}; give millions ${range}`);
}

function kernelsOf(text, kernels) {
  const names = text.split(",");
  const unknown = names.find((name) => !kernels.includes(name));
  if (unknown === undefined) return kernels.filter((name) => names.includes(name));
  throw new Misused(
    `--only: there is no kernel ${unknown || "without a name"}; there are ${kernels.join(", ")}`,
  );
}

/** A negative number after an option is its value, if a wrong one. */
const withValues = (args) =>
  args.flatMap((each, at) => {
    if (/^-\d/.test(args[at + 1] ?? "") && /^--[a-z]+$/.test(each)) return [];
    const isValue = /^-\d/.test(each) && /^--[a-z]+$/.test(args[at - 1] ?? "");
    return [isValue ? `${args[at - 1]}=${each}` : each];
  });

function parsed(args) {
  try {
    return parseArgs({
      args: withValues(args),
      options: {
        only: { type: "string" },
        rows: { type: "string", default: "10" },
        threads: { type: "string", default: "2" },
        runs: { type: "string", default: "5" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (failure) {
    throw new Misused(failure.message.split(/[.\n]/)[0]);
  }
}

/** What is asked for; the program ends after `--help`, and in one line where something cannot be meant. */
export function readCommandLine(args, kernels) {
  try {
    const values = parsed(args);
    if (values.help) {
      console.log(usageOf(kernels));
      return process.exit(0);
    }
    return {
      names: values.only === undefined ? kernels : kernelsOf(values.only, kernels),
      rows: rowsOf(values.rows),
      threads: wholeNumber("threads", values.threads, threadsMax),
      runs: wholeNumber("runs", values.runs, 1000),
      json: values.json,
    };
  } catch (failure) {
    if (!(failure instanceof Misused)) throw failure;
    console.error(`${failure.message}; --help tells more`);
    return process.exit(2);
  }
}

// The command line of a benchmark that is a program of its own: what cannot be meant is told in one line, with status 2.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { whyNotWritable } from "./make-folders.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

type Values<Own extends Options> = ReturnType<typeof parseArgs<{ options: Own }>>["values"];

/** Ends the program. */
export function misused(message: string): never {
  console.error(`${message}; --help tells more`);
  return process.exit(2);
}

/** Values of options as they are given; the program ends after `--help`, and where an option is unknown. */
export function readOptions<const Own extends Options>(usage: string, options: Own): Values<Own> {
  const own = { ...options, help: { type: "boolean", default: false } } as const;
  try {
    const { values } = parseArgs({ options: own });
    if (!(values as { readonly help?: boolean }).help) return values as Values<Own>;
  } catch (failure) {
    const text = failure instanceof Error ? failure.message : String(failure);
    return misused(text.split(/[.\n]/)[0] ?? text);
  }
  console.log(usage);
  return process.exit(0);
}

export function wholeNumber(name: string, text: string, least = 1): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  return misused(`--${name} is ${text || "empty"}; give a whole number from ${least} on`);
}

/** Makes the folder where it is missing. */
export function writableFolder(name: string, folder: string): string {
  const why = whyNotWritable(folder);
  if (why === undefined) return folder;
  return misused(`--${name} is ${folder || "empty"}, where no folder can be written: ${why}`);
}

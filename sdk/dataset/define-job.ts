// The definition of a job: a name, its parameters, and the driver program.

import { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import { callerFile } from "./caller-file.ts";
import type { Millrace } from "./millrace.ts";

/** Marks definitions across copies of this module: a bundle carries a copy of its own. */
const jobBrand = Symbol.for("millrace.Job");

/** What a job without parameters is given. */
type NoParams = z.ZodObject<Record<never, never>>;

export interface JobOptions<Schema extends z.ZodObject, Result> {
  /** Lower-case words joined by '-'; shown wherever the job is. */
  readonly name: string;
  /** Parameters, as a zod object; the CLI makes flags of its fields, and shows their descriptions. None unless told. */
  readonly params?: Schema;
  /** The driver program: what it answers becomes the job's result. */
  run(mr: Millrace, params: z.output<Schema>): Promise<Result>;
}

/** A job that can be submitted; made by `defineJob`. */
export interface Job<Schema extends z.ZodObject = z.ZodObject, Result = unknown>
  extends JobOptions<Schema, Result> {
  readonly [jobBrand]: true;
  readonly params: Schema;
  /** Path or URL of the module that defined it, where that can be known. */
  readonly moduleFile: string | undefined;
}

/** Not by its class, of which another copy of zod has its own. */
function isZodObject(params: unknown): boolean {
  const { def } = (params as { readonly def?: { readonly type?: unknown } } | null) ?? {};
  return def?.type === "object";
}

/**
 * Defines a job. Make it the default export of a module of its own: that module is what is compiled and
 * sent to the cluster.
 *
 * `run` is ordinary asynchronous TypeScript, and is replayed on every worker to find the functions in it.
 * So it must do the same each time for the same parameters: no clock, no random numbers (`mr.now()` and
 * `mr.random()` stand in for them), no reading of files but by `mr.read`.
 * @param options name, parameters and driver program
 * @throws PLAN_INVALID for a name that is no word, parameters that are no zod object, or no driver program
 * @example
 * export default defineJob({
 *   name: "count-lines",
 *   params: z.object({ input: z.string() }),
 *   run: async (mr, { input }) => await mr.read.text(input).count(),
 * });
 */
export function defineJob<Schema extends z.ZodObject = NoParams, Result = unknown>(
  options: JobOptions<Schema, Result>,
): Job<Schema, Result> {
  const { name, params = z.object({}) } = options;
  if (typeof name !== "string" || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.length > 63) {
    throw new EngineError(
      "PLAN_INVALID",
      `'${String(name)}' is no name for a job: use up to 63 of a-z and 0-9, words joined by '-'`,
    );
  }
  if (!isZodObject(params)) {
    throw new EngineError(
      "PLAN_INVALID",
      `the parameters of job '${name}' are no zod object: write \`params: z.object({ input: z.string() })\``,
    );
  }
  if (typeof options.run !== "function") {
    throw new EngineError(
      "PLAN_INVALID",
      `job '${name}' has no driver program: write \`async run(mr, params) { … }\``,
    );
  }
  return Object.freeze({
    [jobBrand]: true as const,
    name,
    params: params as Schema,
    run: (mr: Millrace, given: z.output<Schema>) => options.run(mr, given),
    moduleFile: callerFile(new Error().stack),
  });
}

export function isJob(value: unknown): value is Job {
  return typeof value === "object" && value !== null && jobBrand in value;
}

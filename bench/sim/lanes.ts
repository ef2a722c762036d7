// Many seeds side by side: each lane is a process of `bench/sim/main.ts` that is sent one seed after another.

import { type ChildProcess, fork } from "node:child_process";
import type { SimOutcome } from "./run.ts";

/** What a lane says of each seed that it is sent. */
export type SeedAnswer =
  | { readonly seed: number; readonly outcome: SimOutcome }
  | { readonly seed: number; readonly failure: string };

/** Asks the program to be a lane. */
export const serveFlag = "--serve";

export interface LaneOptions {
  /** The built `bench/sim/main.ts`. */
  readonly program: string;
  readonly lanes: number;
  /** The next seed; undefined where there is none. */
  next(): number | undefined;
  onOutcome(outcome: SimOutcome): void;
  onFailure(seed: number, why: string): void;
}

/**
 * A full collection also throws away what was compiled for functions of which none is alive at that
 * moment, and every run makes its functions anew: with the usual heap, which begins small, there is
 * one such collection in each run, and much of the time goes into compiling the same again.
 */
const laneFlags = [
  ...["--max-semi-space-size=64", "--initial-old-space-size=1000"],
  "--enable-source-maps",
];

/** Until there are no more seeds; a process that dies takes its seed down as a failure. */
export async function runLanes(options: LaneOptions): Promise<void> {
  const { program, next, onOutcome, onFailure } = options;
  const lane = (): Promise<void> =>
    new Promise((resolve) => {
      const child: ChildProcess = fork(program, [serveFlag], { execArgv: laneFlags });
      let seed = next();
      const ask = (): void => {
        if (seed === undefined) child.disconnect();
        else child.send(seed);
      };
      child.on("message", (answer: SeedAnswer) => {
        if ("outcome" in answer) onOutcome(answer.outcome);
        else onFailure(answer.seed, answer.failure);
        seed = next();
        ask();
      });
      child.on("exit", (code) => {
        if (seed !== undefined) onFailure(seed, `the process ended with code ${code}`);
        resolve();
      });
      ask();
    });
  await Promise.all(Array.from({ length: options.lanes }, lane));
}

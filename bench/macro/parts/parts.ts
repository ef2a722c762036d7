// What a published run has beside its rows: kernels alone, works that outgrow their memory, profiles of the worst rows.

import type { PartLine, Results } from "../protocol/results.ts";
import type { Size } from "../protocol/workload.ts";
import { kernelLines } from "./kernels.ts";
import { workLines } from "./works.ts";
import { worstRowLines } from "./worst-rows.ts";

export const partNames = ["kernels", "memory", "profiles"] as const;
export type PartName = (typeof partNames)[number];

export interface PartSettings {
  readonly size: Size;
  readonly threads: number;
  /** Of this state of the sources, for the lines. */
  readonly commit: string;
  /** Generated data of the rows. */
  readonly dataFolder: string;
  /** Gets a folder of profiles for each row. */
  readonly out: string;
  readonly results: Results;
  readonly note: (text: string) => void;
}

export function linesOf(part: PartName, settings: PartSettings): AsyncIterable<PartLine> {
  switch (part) {
    case "kernels":
      return kernelLines(settings);
    case "memory":
      return workLines(settings);
    case "profiles":
      return worstRowLines(settings);
  }
}

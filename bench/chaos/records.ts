// Records that tell whether they are whole, files of them, and an account of which came back.

import { closeSync, openSync, writeSync } from "node:fs";
import { digestText } from "../../proto/plan/digest.ts";

/** One line: its number, and a check over number and job, so that an altered one is no record. */
export function recordOf(job: string, index: number): string {
  const id = String(index).padStart(9, "0");
  return `${digestText(`${job}/${id}`)} ${job} ${id}`;
}

const linesPerWrite = 10_000;

/** In an order that no sort would leave as it is: the check comes first in a line. */
export function writeRecords(path: string, job: string, count: number): void {
  const file = openSync(path, "w");
  for (let from = 0; from < count; from += linesPerWrite) {
    const some = Array.from({ length: Math.min(linesPerWrite, count - from) }, (_, at) =>
      recordOf(job, from + at),
    );
    writeSync(file, `${some.join("\n")}\n`);
  }
  closeSync(file);
}

export interface Account {
  readonly lost: number;
  readonly duplicated: number;
  readonly altered: number;
}

/** Counts each record of a job; whatever is none of them is altered. */
export function createAccount(job: string, count: number) {
  const seen = new Uint8Array(count);
  let altered = 0;
  return {
    add: (line: string): void => {
      const index = Number(line.slice(line.lastIndexOf(" ") + 1));
      if (!(index >= 0 && index < count) || line !== recordOf(job, index)) altered++;
      else if (seen[index]! < 255) seen[index]!++;
    },
    end: (): Account => {
      let lost = 0;
      let duplicated = 0;
      for (const times of seen) {
        if (times === 0) lost++;
        else duplicated += times - 1;
      }
      return { lost, duplicated, altered };
    },
  };
}

// Log lines of tasks that are over: where these are short, a line for each would cost as much as running it.

import { endedTasksPerLineMax } from "../proto/limits.ts";
import type { Log } from "../proto/ports/log.ts";

/** Tasks of one lease that ended well, one after the other. */
export class EndedTasks {
  private readonly log: Log;
  private stage = "";
  private token = 0;
  private indexes: number[] = [];

  constructor(log: Log) {
    this.log = log;
  }

  add(stage: string, taskIndex: number, token: number): void {
    const isOther = stage !== this.stage || token !== this.token;
    if (isOther || this.indexes.length >= endedTasksPerLineMax) this.flush();
    this.stage = stage;
    this.token = token;
    this.indexes.push(taskIndex);
  }

  /** Says what was not said yet. */
  flush(): void {
    const { stage, token, indexes } = this;
    if (indexes.length === 0) return;
    this.indexes = [];
    this.log.info("tasks ended", { stage, tasks: rangesText(indexes), token, outcome: "done" });
  }
}

/** `3-7 9`: in the order they ended. */
export function rangesText(indexes: readonly number[]): string {
  const texts: string[] = [];
  for (let start = 0; start < indexes.length; ) {
    let end = start + 1;
    while (end < indexes.length && indexes[end] === indexes[end - 1]! + 1) end++;
    texts.push(end - start === 1 ? `${indexes[start]}` : `${indexes[start]}-${indexes[end - 1]}`);
    start = end;
  }
  return texts.join(" ");
}

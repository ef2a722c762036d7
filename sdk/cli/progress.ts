// Progress of a running action: a bar with an estimate on a terminal, plain lines elsewhere.

import type { StageProgress } from "../../proto/wire/generated/engine.ts";

/** Where progress goes and what time it is; so that tests need neither terminal nor clock. */
export interface ProgressOutput {
  readonly isTerminal: boolean;
  columns(): number;
  write(text: string): void;
  nowMs(): number;
}

export interface ProgressView {
  update(actionLabel: string, stages: readonly StageProgress[]): void;
  /** Removes the bar and leaves one line that says how the action went. */
  finish(actionLabel: string, stages: readonly StageProgress[]): void;
}

/** Without a terminal, a line at most this often. */
const plainLineEveryMs = 2000;
const barCells = 24;

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function sum(stages: readonly StageProgress[], value: (stage: StageProgress) => number): number {
  return stages.reduce((total, stage) => total + value(stage), 0);
}

/** Share of the work done, 0 to 1: by input bytes where a stage knows them, else by tasks. */
export function fractionDone(stages: readonly StageProgress[]): number {
  const tasks = sum(stages, (stage) => stage.tasks);
  if (tasks === 0) return 0;
  const done = sum(stages, (stage) => {
    const byTasks = stage.done / Math.max(1, stage.tasks);
    const byBytes = stage.inputBytes > 0 ? Math.min(1, stage.bytes / stage.inputBytes) : 0;
    return stage.tasks * Math.max(byTasks, stage.done === stage.tasks ? 1 : byBytes);
  });
  return Math.min(1, done / tasks);
}

function summary(stages: readonly StageProgress[]): string {
  const done = sum(stages, (stage) => stage.done);
  const tasks = sum(stages, (stage) => stage.tasks);
  const retries = sum(stages, (stage) => stage.retries);
  const bytes = sum(stages, (stage) => (stage.inputBytes > 0 ? stage.bytes : 0));
  const parts = [`${done}/${tasks} tasks`];
  if (bytes > 0) parts.push(`${formatBytes(bytes)} read`);
  if (retries > 0) parts.push(`${retries} retried`);
  return parts.join(", ");
}

/** One action at a time has the bar; each gets a fresh estimate. */
export function createProgressView(output: ProgressOutput): ProgressView {
  let current: { label: string; startedMs: number; lastLineMs: number } | undefined;

  function timing(label: string): { label: string; startedMs: number; lastLineMs: number } {
    const now = output.nowMs();
    if (current?.label !== label) {
      current = { label, startedMs: now, lastLineMs: now - plainLineEveryMs };
    }
    return current;
  }

  function estimate(startedMs: number, fraction: number): string {
    const elapsedMs = output.nowMs() - startedMs;
    // The first moments say little: starting up weighs too much in them.
    if (fraction < 0.05 || elapsedMs < 500) return "";
    return `, about ${formatDuration((elapsedMs * (1 - fraction)) / fraction)} left`;
  }

  function bar(label: string, stages: readonly StageProgress[], startedMs: number): string {
    const fraction = fractionDone(stages);
    const full = Math.round(fraction * barCells);
    const cells = `${"█".repeat(full)}${"░".repeat(barCells - full)}`;
    const percent = String(Math.floor(fraction * 100)).padStart(3);
    const timing = estimate(startedMs, fraction);
    const line = `${cells} ${percent} %  ${summary(stages)}${timing}  ${label}`;
    return line.slice(0, Math.max(20, output.columns() - 1));
  }

  return {
    update: (label, stages) => {
      const time = timing(label);
      if (output.isTerminal) {
        output.write(`\r\x1b[2K${bar(label, stages, time.startedMs)}`);
        return;
      }
      const now = output.nowMs();
      if (now - time.lastLineMs < plainLineEveryMs) return;
      time.lastLineMs = now;
      const fraction = fractionDone(stages);
      const percent = Math.floor(fraction * 100);
      output.write(
        `${label}: ${percent} %, ${summary(stages)}${estimate(time.startedMs, fraction)}\n`,
      );
    },
    finish: (label, stages) => {
      const elapsed = formatDuration(output.nowMs() - timing(label).startedMs);
      current = undefined;
      const clear = output.isTerminal ? "\r\x1b[2K" : "";
      output.write(`${clear}${label}: ${summary(stages)} in ${elapsed}\n`);
    },
  };
}

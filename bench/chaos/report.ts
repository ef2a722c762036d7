// What a run came to, as text that people read and files keep.

import { faultNames } from "./faults.ts";
import { type ChaosReport, failoverMsMax, percentile } from "./run.ts";

/** Markdown. */
export function reportText(report: ChaosReport): string {
  const { jobs, faults, failoversMs, violations } = report;
  const sum = (of: (job: ChaosReport["jobs"][number]) => number): number =>
    jobs.reduce((total, job) => total + of(job), 0);
  const struck = [...faults.values()].reduce((total, count) => total + count, 0);
  const ms = (share: number): string => `${Math.round(percentile(failoversMs, share))} ms`;
  const rows: readonly (readonly [string, string | number])[] = [
    ["faults", struck],
    ["jobs acknowledged", jobs.length],
    ["of these lost", jobs.filter(({ state }) => state === "lost").length],
    ["of these failed", jobs.filter(({ state }) => !["lost", "succeeded"].includes(state)).length],
    ["submits that were not acknowledged", sum(({ refused }) => refused)],
    ["records", sum(({ records }) => records)],
    ["records lost", sum(({ account }) => account.lost)],
    ["records duplicated", sum(({ account }) => account.duplicated)],
    ["records altered", sum(({ account }) => account.altered)],
    ["failovers", failoversMs.length],
    ["failover, median", ms(0.5)],
    [`failover, p99 (at most ${failoverMsMax} ms)`, ms(0.99)],
    ["failover, longest", ms(1)],
    ["seconds", report.seconds],
  ];
  const lines = rows.map(([what, value]) => `| ${what} | ${value} |`);
  const kinds = faultNames.map((name) => `| ${name} | ${faults.get(name) ?? 0} |`);
  const verdict =
    violations.length === 0 ? "Everything held." : violations.map((one) => `- ${one}`).join("\n");
  return [
    `# Chaos run, seed ${report.seed}\n`,
    "| what | |\n| --- | --- |",
    ...lines,
    "\n| fault | times |\n| --- | --- |",
    ...kinds,
    `\n${verdict}\n`,
  ].join("\n");
}

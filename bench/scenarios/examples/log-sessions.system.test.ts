// log-sessions on an embedded cluster: the sessions that the log was made of are found again.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { outputRows, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";

const folder = scratchFolder("log-sessions");
const seed = 20_241_010;
const files = 4;

interface Visit {
  readonly visitor: string;
  readonly start: string;
  readonly seconds: number;
  readonly hits: number;
  readonly entry: string;
  readonly exit: string;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** As a server two hours east of Greenwich writes it. */
function logLine(visitor: string, atMs: number, path: string): string {
  const local = new Date(atMs + 2 * 3_600_000).toISOString();
  const day = `${local.slice(8, 10)}/${months[Number(local.slice(5, 7)) - 1]}/${local.slice(0, 4)}`;
  return `${visitor} - - [${day}:${local.slice(11, 19)} +0200] "GET ${path} HTTP/1.1" 200 17`;
}

const pauseSeconds = fc.integer({ min: 1, max: 1800 });
const gapSeconds = fc.integer({ min: 1801, max: 90_000 });
const sessionShape = fc.record({
  gap: gapSeconds,
  pauses: fc.array(pauseSeconds, { maxLength: 9 }),
});
const visitorShape = fc.array(sessionShape, { minLength: 1, maxLength: 12 });

/** Sessions, and the lines that tell of them. */
function makeVisits() {
  const visits: Visit[] = [];
  const lines: string[] = [];
  const shapes = fc.sample(visitorShape, { seed, numRuns: 400 });
  for (const [index, sessions] of shapes.entries()) {
    const visitor = `192.0.2.${index}`;
    let atMs = Date.UTC(2024, 1, 27, 22, 0, index % 60);
    for (const { gap, pauses } of sessions) {
      atMs += gap * 1000;
      const start = new Date(atMs).toISOString();
      const paths = [0, ...pauses].map((_, step) => `/step/${step}`);
      lines.push(logLine(visitor, atMs, "/step/0"));
      for (const [step, pause] of pauses.entries()) {
        atMs += pause * 1000;
        lines.push(logLine(visitor, atMs, `/step/${step + 1}`));
      }
      const seconds = pauses.reduce((sum, pause) => sum + pause, 0);
      const exit = paths.at(-1) ?? "";
      visits.push({ visitor, start, seconds, hits: paths.length, entry: "/step/0", exit });
    }
  }
  return { visits, lines };
}

const inOrder = (a: Visit, b: Visit): number =>
  a.start < b.start ? -1 : a.start > b.start ? 1 : a.visitor < b.visitor ? -1 : 1;

test("sessions are found in logs that hold their lines in any order", async () => {
  const { visits, lines } = makeVisits();
  const logs = join(folder, "logs");
  mkdirSync(logs);
  const shuffled = lines.toSorted((a, b) => (a.slice(-40) + a < b.slice(-40) + b ? -1 : 1));
  for (let file = 0; file < files; file++) {
    const own = shuffled.filter((_, at) => at % files === file);
    writeFileSync(join(logs, `${file}.log`), `${own.join("\n")}\nnot a line of a log\n`);
  }
  const output = `${folder}/out/`;
  const { result } = await runExample("log-sessions/job.ts", { input: `${logs}/`, output });
  expect(result).toEqual({ sessions: visits.length, unreadable: files });
  const rows = await outputRows<Visit>(output);
  expect(rows.toSorted(inOrder)).toEqual(visits.toSorted(inOrder));
  expect(rows.map(({ start }) => start)).toEqual(visits.map(({ start }) => start).sort());
});

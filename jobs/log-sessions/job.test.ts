// The job on a few lines of access logs.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import logSessions from "./job.ts";

const line = (visitor: string, time: string, path: string): string =>
  `${visitor} - - [10/Oct/2024:${time} +0200] "GET ${path} HTTP/1.1" 200 17`;

const files = {
  "logs/a.log": [
    line("203.0.113.9", "12:10:00", "/buy"),
    line("203.0.113.9", "12:00:00", "/"),
    "who knows what this is",
    line("203.0.113.9", "12:40:00", "/thanks"),
  ].join("\n"),
  "logs/b.log": [
    line("203.0.113.9", "13:10:01", "/again"),
    line("198.51.100.7", "11:59:59", "/"),
  ].join("\n"),
};

test("a pause of more than half an hour begins a new session", async () => {
  const { result, outputs } = await testJob(
    logSessions,
    { input: "logs/", output: "out" },
    { files },
  );
  expect(outputs.out).toEqual([
    {
      visitor: "198.51.100.7",
      start: new Date("2024-10-10T09:59:59Z"),
      seconds: 0,
      hits: 1,
      entry: "/",
      exit: "/",
    },
    {
      visitor: "203.0.113.9",
      start: new Date("2024-10-10T10:00:00Z"),
      seconds: 2400,
      hits: 3,
      entry: "/",
      exit: "/thanks",
    },
    {
      visitor: "203.0.113.9",
      start: new Date("2024-10-10T11:10:01Z"),
      seconds: 0,
      hits: 1,
      entry: "/again",
      exit: "/again",
    },
  ]);
  expect(result).toEqual({ sessions: 3, unreadable: 1 });
});

test("how long a pause may be is a parameter", async () => {
  const params = { input: "logs/", output: "out", idleMinutes: 5 };
  const { result } = await testJob(logSessions, params, { files });
  expect(result).toEqual({ sessions: 5, unreadable: 1 });
});

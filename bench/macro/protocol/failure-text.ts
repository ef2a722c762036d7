// What a report says of a run that failed: a line or two, without stacks and folders of the machine.

import { basename } from "node:path";

const textCharsMax = 300;
const messageLinesMax = 2;

function isFrame(line: string): boolean {
  return /^\s*at /.test(line);
}

/** Results are published: a path shows where the machine's owner keeps things, and tells nobody else anything. */
function withoutFolders(text: string): string {
  return text.replaceAll(/(?<![\w:/.])(?:file:\/\/)?\/[\w.@+-]+(?:\/[\w.@+-]+)+/g, (path) =>
    basename(path),
  );
}

/**
 * The part of a failure that says what was wrong.
 *
 * @example failureText(new Error("no file /home/me/rows.csv")) // "no file rows.csv"
 */
export function failureText(failure: unknown): string {
  const text = failure instanceof Error ? failure.message : String(failure);
  const lines = text
    .trim()
    .split("\n")
    .filter((line) => !isFrame(line));
  // Python says last what was wrong, JavaScript first.
  const traceback = lines.findIndex((line) => line.startsWith("Traceback"));
  const told =
    traceback < 0
      ? lines.slice(0, messageLinesMax)
      : [
          ...lines.slice(0, Math.min(traceback, 1)),
          ...lines.slice(traceback + 1).slice(-messageLinesMax),
        ];
  return withoutFolders(told.join(" ")).slice(0, textCharsMax);
}

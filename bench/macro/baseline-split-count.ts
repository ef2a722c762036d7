// The competent single thread that split-count must beat: split and a Map, from file to file.

import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  console.error("usage: baseline-split-count INPUT OUTPUT");
  process.exit(2);
}
const counts = new Map<string, number>();
const block = Buffer.allocUnsafe(1024 * 1024);
const file = openSync(input, "r");
let rest = "";
for (;;) {
  const bytes = readSync(file, block, 0, block.length, null);
  if (bytes === 0) break;
  const lines = (rest + block.toString("latin1", 0, bytes)).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}
closeSync(file);
if (rest !== "") for (const word of rest.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
let text = "";
for (const [value, count] of counts) text += `${JSON.stringify({ value, count })}\n`;
writeFileSync(output, text);

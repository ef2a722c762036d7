// Reading pages: what counts as a block, and what counts as a command.
import { expect, test } from "vitest";
import { blocksOf, commandsOf, fileNameOf } from "./blocks.ts";

const page = [
  "# Title",
  "```ts word-count.ts",
  'import { defineJob } from "millrace";',
  "```",
  "  ```sh run",
  "  $ millrace run word-count.ts \\",
  "      --input 'a b' # the text",
  "  PORT=1 npm test && echo done; ls",
  "  ```",
  "````text",
  "```ts",
  "````",
].join("\n");

test("blocks have their language, marks, line and code without indent", () => {
  const blocks = blocksOf("README.md", page);
  expect(blocks.map(({ language, marks, line }) => [language, marks, line])).toEqual([
    ["ts", ["word-count.ts"], 3],
    ["sh", ["run"], 6],
    ["text", [], 11],
  ]);
  expect(blocks[0]?.code).toBe('import { defineJob } from "millrace";\n');
  expect(blocks.map(fileNameOf)).toEqual(["word-count.ts", undefined, undefined]);
});

test("commands are split, without prompt, comment and variables", () => {
  const shell = blocksOf("README.md", page)[1];
  expect(shell && commandsOf(shell)).toEqual([
    { line: 6, words: ["millrace", "run", "word-count.ts", "--input", "'a b'"] },
    { line: 8, words: ["npm", "test"] },
    { line: 8, words: ["echo", "done"] },
    { line: 8, words: ["ls"] },
  ]);
});

test("a page without blocks, and a block without an end", () => {
  expect(blocksOf("a.md", "text\n")).toEqual([]);
  expect(blocksOf("a.md", "```sh\nls")).toHaveLength(1);
});

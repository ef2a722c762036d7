// Fenced code blocks of a page, with the words behind the fence.

export interface Block {
  /** Path of the page. */
  readonly page: string;
  /** Line of the first line of code, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** The other words of the fence: `run`, or the name of the file the block is. */
  readonly marks: readonly string[];
  readonly code: string;
}

const fence = /^(\s*)(`{3,}|~{3,})\s*(.*)$/;

/** A block ends at a fence at least as long as the one that opened it, or at the end of the page. */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const [, indent = "", opening, info = ""] = fence.exec(lines[i] ?? "") ?? [];
    if (opening === undefined) continue;
    const first = i + 1;
    const isEnd = (line: string) => line.trim().startsWith(opening) && /^[`~]+$/.test(line.trim());
    let end = first;
    while (end < lines.length && !isEnd(lines[end] ?? "")) end++;
    const [language = "", ...marks] = info.trim().split(/\s+/);
    const code = lines.slice(first, end).map((line) => line.replace(indent, ""));
    blocks.push({ page, line: first + 1, language, marks, code: `${code.join("\n")}\n` });
    i = end;
  }
  return blocks;
}

/** `word-count.ts` in the fence: the block is that file, and other blocks of the page may import it. */
export function fileNameOf(block: Block): string | undefined {
  return block.marks.find((mark) => /\.[a-z]+$/.test(mark));
}

export interface Command {
  readonly line: number;
  readonly words: readonly string[];
}

/** Words of one line; quotes hold spaces together, and what follows ` #` is a comment. */
function wordsOf(text: string): string[] {
  const bare = text.replace(/^\s*\$\s+/, "").replace(/(^|\s)#.*$/, "");
  return bare.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
}

const separators = new Set(["&&", "||", "|", ";", "&"]);

/** Splits words at `&&`, `|`, `;`, and drops settings of variables in front of a command. */
function splitCommands(words: readonly string[]): string[][] {
  const commands: string[][] = [[]];
  for (const word of words) {
    const endsHere = separators.has(word) || word.endsWith(";");
    const part = separators.has(word) ? "" : word.replace(/;$/, "");
    const current = commands.at(-1) ?? [];
    const isSetting = current.length === 0 && /^[A-Za-z_]\w*=/.test(part);
    if (part !== "" && !isSetting) current.push(part);
    if (endsHere) commands.push([]);
  }
  return commands.filter((command) => command.length > 0);
}

/** The simple commands of a shell block; a line that ends in `\` goes on in the next. */
export function commandsOf(block: Block): Command[] {
  const commands: Command[] = [];
  let pending = "";
  let firstLine = block.line;
  block.code.split("\n").forEach((text, index) => {
    if (pending === "") firstLine = block.line + index;
    pending += text;
    if (text.endsWith("\\")) {
      pending = `${pending.slice(0, -1)} `;
      return;
    }
    const found = splitCommands(wordsOf(pending));
    commands.push(...found.map((words) => ({ line: firstLine, words })));
    pending = "";
  });
  return commands;
}

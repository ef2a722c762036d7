// Blocks of UTF-8 text to lines; a line may span blocks. CRLF ends a line as LF does.

/** Keeps the beginning of the last line until the rest comes. */
export interface LineDecoder {
  /** The lines that end in this block. */
  push(block: Uint8Array): string[];
  /** The last line, where the text does not end with a newline. */
  finish(): string[];
  /** Bytes of the line that has no end yet. */
  pendingBytes(): number;
}

const newline = 10;

function splitLines(text: string): string[] {
  const lines = text.split("\n");
  if (!text.includes("\r")) return lines;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.endsWith("\r")) lines[i] = line.slice(0, -1);
  }
  return lines;
}

export function plainLineDecoder(): LineDecoder {
  let carried: Uint8Array[] = [];
  let carriedBytes = 0;
  const keep = (bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    // The block is its reader's buffer: it changes with the next read.
    carried.push(bytes.slice());
    carriedBytes += bytes.length;
  };
  const take = (end: Uint8Array): string => {
    const bytes = carriedBytes === 0 ? end : Buffer.concat([...carried, end]);
    carried = [];
    carriedBytes = 0;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  };
  return {
    push: (block) => {
      const last = block.lastIndexOf(newline);
      if (last < 0) {
        keep(block);
        return [];
      }
      const lines = splitLines(take(block.subarray(0, last)));
      keep(block.subarray(last + 1));
      return lines;
    },
    finish: () => (carriedBytes === 0 ? [] : splitLines(take(new Uint8Array(0)))),
    pendingBytes: () => carriedBytes,
  };
}

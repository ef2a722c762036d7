// Lines of text out of bytes that come in pieces, cut anywhere.

const lineEnd = 10;

export interface LineReader {
  take(bytes: Uint8Array): void;
  /** Whether all bytes so far were whole lines. */
  isAtLineEnd(): boolean;
}

/** `onLine` gets each line without its end. Throws for bytes that are not UTF-8. */
export function createLineReader(onLine: (line: string) => void): LineReader {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  /** Of a line that has not ended, what came with earlier pieces. */
  let begun: Uint8Array[] = [];
  return {
    take: (bytes) => {
      let at = 0;
      for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, at)) {
        begun.push(bytes.subarray(at, end));
        const line = begun.length === 1 ? begun[0] : joined(begun);
        begun = [];
        at = end + 1;
        onLine(decoder.decode(line));
      }
      // A copy: a piece would else be kept whole for its end.
      if (at < bytes.length) begun.push(bytes.slice(at));
    },
    isAtLineEnd: () => begun.length === 0,
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

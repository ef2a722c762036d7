// Cuts successive blocks of bytes into lines as columns of text: no line becomes a string.

// node: whether bytes are UTF-8 is found at gigabytes a second, without a string of them.
import { isUtf8 } from "node:buffer";
import { type TextColumn, textColumn } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import { bytesOf, intsOf, putBytes, withTextKernel } from "./text-kernel.ts";
import { repairedUtf8 } from "./utf8.ts";

const newline = 10;

/**
 * The lines of parts of bytes one after the other, the last of which ends with a line feed; undefined where they are no
 * UTF-8. That is asked of the bytes with their line feeds: half a character at the end of one line and half of another
 * at the beginning of the next make none.
 */
function cut(name: string, parts: readonly Uint8Array[]): TextColumn | undefined {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const found = withTextKernel(
    [length, length, 4 * (length + 1)],
    (kernel, [bytesAt = 0, linesAt = 0, offsetsAt = 0]) => {
      let at = bytesAt;
      for (const part of parts) {
        putBytes(kernel, at, part);
        at += part.length;
      }
      const lines = kernel.cut(bytesAt, length, linesAt, offsetsAt);
      const isText =
        kernel.wasAscii() || isUtf8(new Uint8Array(kernel.memory.buffer, bytesAt, length));
      if (!isText) return { column: undefined };
      const offsets = intsOf(kernel, offsetsAt, lines + 1);
      return { column: textColumn(name, offsets, bytesOf(kernel, linesAt, offsets[lines]!)) };
    },
  );
  if (found !== undefined) return found.column;
  const message = `the system gives no memory to cut ${length} bytes into lines; lower --memory`;
  throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes: length });
}

/**
 * Lines end with `\n` or `\r\n`, which are not part of them. Gives the lines that the decoder of lines gives, each
 * once its end was seen.
 */
export class LineCutter {
  private readonly name: string;
  /** The beginning of a line that no newline ended yet, in copies. */
  private held: Uint8Array[] = [];
  /** How many bytes these are. */
  heldBytes = 0;
  /** Where the line begins, from the first byte of all blocks. */
  heldFrom = 0;

  /** `name`: that of the columns. */
  constructor(name: string) {
    this.name = name;
  }

  private hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.held.push(bytes.slice());
    this.heldBytes += bytes.length;
  }

  /** The lines that end in the block, which may be used for other bytes afterwards; undefined where none does. */
  push(block: Uint8Array): TextColumn | undefined {
    const last = block.lastIndexOf(newline);
    if (last < 0) {
      this.hold(block);
      return undefined;
    }
    const parts = [...this.held, block.subarray(0, last + 1)];
    const column = cut(this.name, parts) ?? cut(this.name, [repairedUtf8(Buffer.concat(parts))]);
    this.heldFrom += this.heldBytes + last + 1;
    this.held = [];
    this.heldBytes = 0;
    this.hold(block.subarray(last + 1));
    return column;
  }

  /** The last line where no newline ends it (a `\r` at its end stays). */
  finish(): TextColumn | undefined {
    if (this.heldBytes === 0) return undefined;
    const bytes = Buffer.concat(this.held);
    const values = isUtf8(bytes) ? Uint8Array.from(bytes) : repairedUtf8(bytes);
    this.held = [];
    this.heldBytes = 0;
    return textColumn(this.name, Int32Array.of(0, values.length), values);
  }
}

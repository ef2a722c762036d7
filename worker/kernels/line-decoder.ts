// Cuts successive byte blocks of a text file into lines, as JavaScript strings.
//
// Measured: decoding 64 KiB at once and `split("\n")` makes lines at 3.5 GB/s, since a line is then
// only a slice of the block's text. One decode per line takes twice as long, blocks of 128 KiB to
// 1 MiB, which V8 keeps apart as large objects, up to three times. TextDecoder turns ASCII into
// one-byte strings by itself, so there is no separate check for ASCII. The price: a line that user
// code keeps, keeps its block's text alive.
import { assert, EngineError } from "../../proto/errors.ts";
import { lineBytesMax as lineBytesMaxDefault } from "../../proto/limits/formats.ts";

/** The size of block at which decoding is fastest. */
export const lineBlockBytes = 64 * 1024;

export interface LineDecoderOptions {
  /** Named in errors. */
  readonly file?: string;
  /** Longest line accepted, in bytes without its newline. */
  readonly lineBytesMax?: number;
  /** For the first block of a file: drops a UTF-8 byte order mark. */
  readonly dropByteOrderMark?: boolean;
}

export interface LineDecoder {
  /**
   * The lines that end in this block. Lines end with `\n` or `\r\n`, which are not part of them;
   * invalid UTF-8 becomes U+FFFD. The block may be reused afterwards.
   */
  push(block: Uint8Array): string[];
  /** The last line when it has no newline (a `\r` at its end stays); no line otherwise. */
  finish(): string[];
}

const newline = 10;
const carriageReturn = "\r";
// A byte order mark inside a file is data, and every block would lose its own.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function withoutCarriageReturns(lines: string[]): string[] {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.endsWith(carriageReturn)) lines[index] = line.slice(0, -1);
  }
  return lines;
}

/** Text of whole lines, without the newline of the last one. */
function linesOf(bytes: Uint8Array): string[] {
  const text = decoder.decode(bytes);
  const lines = text.split("\n");
  return text.includes(carriageReturn) ? withoutCarriageReturns(lines) : lines;
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

class BlockLineDecoder implements LineDecoder {
  private readonly options: LineDecoderOptions;
  private readonly lineBytesMax: number;
  /**
   * The beginning of a line that no newline ended yet. Joined once, so that long lines stay
   * linear.
   */
  private pieces: Uint8Array[] = [];
  private piecesLength = 0;
  private linesBefore = 0;
  private bytesBefore = 0;
  private finished = false;

  constructor(options: LineDecoderOptions) {
    this.options = options;
    this.lineBytesMax = options.lineBytesMax ?? lineBytesMaxDefault;
  }

  push(block: Uint8Array): string[] {
    assert(!this.finished, "a line decoder was given a block after finish()");
    const last = block.lastIndexOf(newline);
    const lines = last < 0 ? [] : this.endedIn(block, last);
    this.carry(block.subarray(last + 1));
    return lines;
  }

  finish(): string[] {
    assert(!this.finished, "a line decoder was finished twice");
    this.finished = true;
    if (this.piecesLength === 0) return [];
    const lines = [decoder.decode(joined(this.pieces, this.piecesLength))];
    this.pieces = [];
    return this.counted(lines);
  }

  private endedIn(block: Uint8Array, last: number): string[] {
    if (this.piecesLength === 0) return this.counted(this.body(block.subarray(0, last)));
    const first = block.indexOf(newline);
    this.carry(block.subarray(0, first));
    const head = linesOf(joined(this.pieces, this.piecesLength));
    this.bytesBefore += this.piecesLength + 1;
    this.pieces = [];
    this.piecesLength = 0;
    // Counted first, so that an error in the rest names the right line.
    const lines = this.counted(head);
    if (first === last) return lines;
    const rest = this.counted(this.body(block.subarray(first + 1, last)));
    rest.unshift(lines[0]!);
    return rest;
  }

  /** Whole lines of one block, the last newline cut off. */
  private body(bytes: Uint8Array): string[] {
    if (bytes.length > this.lineBytesMax) this.checkLengths(bytes);
    this.bytesBefore += bytes.length + 1;
    return linesOf(bytes);
  }

  private checkLengths(bytes: Uint8Array): void {
    let start = 0;
    for (let line = 0; start <= bytes.length; line++) {
      const found = bytes.indexOf(newline, start);
      const end = found < 0 ? bytes.length : found;
      if (end - start > this.lineBytesMax) throw this.tooLong(line, start);
      start = end + 1;
    }
  }

  private carry(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.piecesLength + bytes.length > this.lineBytesMax) throw this.tooLong(0, 0);
    this.pieces.push(bytes.slice());
    this.piecesLength += bytes.length;
  }

  private tooLong(linesFurther: number, bytesFurther: number): EngineError {
    const line = this.linesBefore + linesFurther + 1;
    const byteOffset = this.bytesBefore + bytesFurther;
    const { file } = this.options;
    const of = file === undefined ? "" : ` of ${file}`;
    return new EngineError(
      "INPUT_MALFORMED",
      `line ${line}, which starts at byte ${byteOffset}${of}, ` +
        `is longer than ${this.lineBytesMax} bytes; read it as binary if it is not a text of lines`,
      {
        line,
        byteOffset,
        limitBytes: this.lineBytesMax,
        ...(file === undefined ? {} : { file }),
      },
    );
  }

  private counted(lines: string[]): string[] {
    const drop = this.options.dropByteOrderMark === true && this.linesBefore === 0;
    if (drop && lines[0]?.startsWith("\ufeff")) lines[0] = lines[0].slice(1);
    this.linesBefore += lines.length;
    return lines;
  }
}

export function createLineDecoder(options: LineDecoderOptions = {}): LineDecoder {
  return new BlockLineDecoder(options);
}

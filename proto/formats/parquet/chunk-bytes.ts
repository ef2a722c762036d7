// The bytes of one column chunk in order, fetched in windows or handed over whole.

import { EngineError } from "../../errors.ts";

/**
 * Bytes [offset, offset + length) of the file. `room`: gives memory of so many bytes to whoever reads into memory of the
 * caller, which is valid as long as the caller says.
 */
export type ReadRange = (
  offsetBytes: number,
  lengthBytes: number,
  room?: (lengthBytes: number) => Uint8Array,
) => Promise<Uint8Array>;

export class ChunkBytes {
  private readonly read: ReadRange;
  private readonly endByte: number;
  private readonly windowBytes: number;
  /** What was fetched and not yet passed, beginning at `at`. */
  private held: Uint8Array;
  private at: number;

  /** `held`: bytes from `startByte` that are here already. */
  constructor(
    read: ReadRange,
    range: { readonly startByte: number; readonly endByte: number },
    windowBytes: number,
    held: Uint8Array = new Uint8Array(0),
  ) {
    this.read = read;
    this.at = range.startByte;
    this.endByte = range.endByte;
    this.windowBytes = windowBytes;
    this.held = held;
  }

  get left(): number {
    return this.endByte - this.at;
  }

  /** At least `bytes` bytes from here, fewer only at the end of the chunk. Valid for good. */
  async peek(bytes: number): Promise<Uint8Array> {
    const wanted = Math.min(bytes, this.left);
    if (this.held.length >= wanted) return this.held;
    const have = this.held.length;
    const length = Math.min(Math.max(wanted, this.windowBytes), this.left) - have;
    const more = await this.read(this.at + have, length);
    if (more.length !== length) {
      const endsAt = this.at + have + more.length;
      throw new EngineError(
        "INPUT_UNREADABLE",
        `it ends at byte ${endsAt}, within a column that its footer promises; was it replaced?`,
        { byteOffset: endsAt },
      );
    }
    if (have === 0) this.held = more;
    else {
      const joined = new Uint8Array(have + more.length);
      joined.set(this.held);
      joined.set(more, have);
      this.held = joined;
    }
    return this.held;
  }

  pass(bytes: number): void {
    this.held = this.held.subarray(bytes);
    this.at += bytes;
  }
}

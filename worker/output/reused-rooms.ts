// Memory for bytes on their way to a file, used again once they are written: new memory, which the system has to clear,
// costs ten times what a copy into it does.

/** Of some pieces, whose lengths are alike but not the same. */
const roomBytes = 1024 * 1024;
/** One is filled while another is written. */
const roomsFreeMax = 2;

export class ReusedRooms {
  private readonly free: ArrayBuffer[] = [];
  private readonly taken = new Set<Uint8Array>();

  /** To be given back once nobody reads it any more. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const at = this.free.findIndex(({ byteLength }) => byteLength >= bytes.length);
    const room =
      at < 0
        ? new ArrayBuffer(Math.ceil(bytes.length / roomBytes) * roomBytes)
        : this.free.splice(at, 1)[0]!;
    const copy = new Uint8Array(room, 0, bytes.length);
    copy.set(bytes);
    this.taken.add(copy);
    return copy;
  }

  /** Bytes that are no copies of these rooms are left alone. */
  give(all: readonly Uint8Array[]): void {
    for (const bytes of all) {
      if (!this.taken.delete(bytes)) continue;
      this.free.push(bytes.buffer as ArrayBuffer);
      if (this.free.length > roomsFreeMax) this.free.shift();
    }
  }
}

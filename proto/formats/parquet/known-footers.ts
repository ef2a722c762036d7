// Footers that were decoded before. The tasks of a scan open one file again and again, each for a part of it, and a
// footer of many row groups takes longer to decode than some of them to read.
//
// The bytes are read each time and compared: a file that was replaced is another one.

import { parquetFootersBytesKept } from "../../limits/formats.ts";

interface Known<Footer> {
  readonly bytes: Uint8Array;
  readonly footer: Footer;
}

export class KnownFooters<Footer> {
  /** By URI, the one that was asked for last at the end. */
  private readonly known = new Map<string, Known<Footer>>();
  private readonly bytesMax: number;
  private bytesHeld = 0;

  constructor(bytesMax = parquetFootersBytesKept) {
    this.bytesMax = bytesMax;
  }

  /** The footer of these bytes, which `decode` makes where they are not known. */
  of(uri: string, bytes: Uint8Array, decode: () => Footer): Footer {
    const before = this.known.get(uri);
    const isSame = before !== undefined && Buffer.compare(before.bytes, bytes) === 0;
    const footer = isSame ? before.footer : decode();
    this.forget(uri);
    if (bytes.length > this.bytesMax) return footer;
    // Not as a part of what was read at once.
    this.known.set(uri, { bytes: isSame ? before.bytes : Uint8Array.from(bytes), footer });
    this.bytesHeld += bytes.length;
    for (const oldest of this.known.keys()) {
      if (this.bytesHeld <= this.bytesMax) break;
      this.forget(oldest);
    }
    return footer;
  }

  private forget(uri: string): void {
    const held = this.known.get(uri);
    if (held === undefined) return;
    this.known.delete(uri);
    this.bytesHeld -= held.bytes.length;
  }
}

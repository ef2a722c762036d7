// Files as what a task reads of them.

import type { ObjectInfo } from "../ports/store.ts";
import type { FileRange } from "./program.ts";

/** Told by the name. */
export function compressionOf(uri: string): FileRange["compression"] {
  if (uri.endsWith(".gz")) return "gzip";
  return uri.endsWith(".zst") ? "zstd" : "none";
}

export function wholeFile({ uri, sizeBytes }: ObjectInfo): FileRange {
  return {
    ...{ uri, fileBytes: sizeBytes, startByte: 0, endByte: sizeBytes },
    compression: compressionOf(uri),
  };
}

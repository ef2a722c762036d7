// SHA-256 of bytes as 64 hexadecimal digits: how bundles are named.

import { createHash } from "node:crypto";

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

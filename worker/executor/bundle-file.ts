// Names of compiled job modules on disk: their SHA-256.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { EngineError } from "../../proto/errors.ts";

export function sha256Of(code: Uint8Array): string {
  return createHash("sha256").update(code).digest("hex");
}

export function bundlePath(folder: string, sha256: string): string {
  if (/^[0-9a-f]{64}$/.test(sha256)) return join(folder, `${sha256}.mjs`);
  throw new EngineError("MESSAGE_INVALID", `${JSON.stringify(sha256.slice(0, 80))} is no SHA-256`);
}

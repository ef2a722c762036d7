// Access tokens: making, reading, and checking them without keeping or comparing the text itself.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { EngineError } from "../errors.ts";
import { tokenCharsMax, tokenCharsMin } from "../limits/rpc.ts";
import type { RpcCaller } from "../ports/rpc.ts";

/** 256 random bits behind a prefix by which the log recognises and hides them. */
export function generateToken(): string {
  return `mlr_${randomBytes(32).toString("base64url")}`;
}

/** What may be kept in memory and at rest. */
export function hashToken(token: string): Uint8Array {
  return createHash("sha256").update(token, "utf8").digest();
}

function checkedToken(text: string, from: string): string {
  const token = text.trim();
  if (token.length < tokenCharsMin || token.length > tokenCharsMax) {
    throw new EngineError(
      "USAGE",
      `the token from ${from} has ${token.length} characters, expected ${tokenCharsMin} to ` +
        `${tokenCharsMax}; make one with "millrace token"`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new EngineError(
      "USAGE",
      `the token from ${from} contains blanks or characters beyond ASCII; ` +
        `make one with "millrace token"`,
    );
  }
  return token;
}

export interface TokenSources {
  /** Value of `--token`. */
  readonly flag?: string | undefined;
  /** Value of `--token-file`. */
  readonly file?: string | undefined;
  /** The environment, of which `<variable>` and `<variable>_FILE` are read. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `MILLRACE_TOKEN` unless a node token is read. */
  readonly variable?: string;
}

async function readTokenFile(path: string, from: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new EngineError("USAGE", `cannot read the token file from ${from}: ${why}`, {}, thrown);
  }
  return checkedToken(text, `file ${path}`);
}

/** The first source that is set wins: flag, file, variable, file named by a variable. */
export async function readToken(sources: TokenSources): Promise<string | undefined> {
  const variable = sources.variable ?? "MILLRACE_TOKEN";
  if (sources.flag !== undefined) return checkedToken(sources.flag, "--token");
  if (sources.file !== undefined) return readTokenFile(sources.file, "--token-file");
  const direct = sources.environment?.[variable];
  if (direct !== undefined && direct !== "") return checkedToken(direct, variable);
  const file = sources.environment?.[`${variable}_FILE`];
  if (file !== undefined && file !== "") return readTokenFile(file, `${variable}_FILE`);
  return undefined;
}

export interface KnownToken {
  readonly sha256: Uint8Array;
  readonly role: RpcCaller["role"];
}

export function knownToken(token: string, role: RpcCaller["role"]): KnownToken {
  return { sha256: hashToken(token), role };
}

/** Who holds a token. Its time depends on how many are known, never on how much was guessed. */
export function createAuthenticator(
  known: readonly KnownToken[],
): (token: string) => RpcCaller | undefined {
  return (token) => {
    if (token.length > tokenCharsMax) return undefined;
    const sha256 = hashToken(token);
    let caller: RpcCaller | undefined;
    for (const entry of known) {
      const isEqual = timingSafeEqual(entry.sha256, sha256);
      if (isEqual && caller === undefined) caller = { role: entry.role };
    }
    return caller;
  };
}

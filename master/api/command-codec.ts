// Commands as bytes of log entries: JSON with the version of its meaning.

import { EngineError } from "../../proto/errors.ts";
import { raftEntryBytesMax } from "../../proto/limits/raft.ts";
import { type Command, commandKinds, commandVersion } from "../scheduler/commands.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Throws LIMIT_EXCEEDED when the command does not fit one log entry. */
export function encodeCommand(command: Command): Uint8Array {
  const bytes = encoder.encode(JSON.stringify({ version: commandVersion, ...command }));
  if (bytes.length > raftEntryBytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `a ${command.kind} command has ${bytes.length} bytes, one log entry at most ` +
        `${raftEntryBytesMax}; send less at a time`,
      { limitBytes: raftEntryBytesMax, peakBytes: bytes.length },
    );
  }
  return bytes;
}

/** The log is ours and checksummed: what is refused here is another version's log, or a bug. */
export function decodeCommand(bytes: Uint8Array): Command {
  let plain: ({ readonly version?: unknown } & Command) | null;
  try {
    plain = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new EngineError("LOG_CORRUPT", "a log entry is not a command", {}, cause);
  }
  const { version, ...command } = plain ?? {};
  if (version !== commandVersion) {
    throw new EngineError(
      "DATA_FOLDER_VERSION",
      `a log entry has command version ${String(version)}, this program reads ${commandVersion}; ` +
        "run the version that wrote it",
    );
  }
  const kind = "kind" in command ? String(command.kind) : "none";
  if (!Object.hasOwn(commandKinds, kind)) {
    throw new EngineError(
      "DATA_FOLDER_VERSION",
      `a log entry has a command of kind ${kind.slice(0, 40)}, which this program does not know; ` +
        "run the version that wrote it",
    );
  }
  return command as Command;
}

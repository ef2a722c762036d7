// Standard output and error: results with back-pressure, progress that other lines do not tear.

import { Console } from "node:console";
import { Writable } from "node:stream";
import { ReaderGone } from "./ports.ts";
import type { ProgressOutput } from "./progress.ts";

/** Standard output or error, which may be a terminal. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface Terminal {
  readonly progress: ProgressOutput;
  print(data: string | Uint8Array): Promise<void>;
  note(text: string): void;
  /** Resolves when everything written has left this process. */
  flushed(): Promise<void>;
}

const clearLine = "\r\x1b[2K";

function isBrokenPipe(failure: unknown): boolean {
  const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}

export function createTerminal(
  stdout: OutputStream,
  stderr: OutputStream,
  nowMs: () => number,
): Terminal {
  let isBarShown = false;
  let isErrorGone = false;
  const isTerminal = stderr.isTTY === true;
  // Failures are told to whoever wrote; without listeners they would end the process.
  stdout.on("error", () => {});
  stderr.on("error", () => {
    isErrorGone = true;
  });
  const writeError = (text: string): void => {
    if (!isErrorGone) stderr.write(text);
  };
  const note = (text: string): void => {
    if (text === "") return;
    writeError(isBarShown ? clearLine + text : text);
    isBarShown = false;
  };
  const written = (stream: OutputStream, data: string | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(data, (failure) => {
        if (failure === undefined || failure === null) resolve();
        else reject(isBrokenPipe(failure) ? new ReaderGone() : failure);
      });
    });
  return {
    progress: {
      isTerminal,
      // Some terminals say 0 when they do not know.
      columns: () => stderr.columns || 80,
      write: (text) => {
        writeError(text);
        isBarShown = isTerminal && !text.endsWith("\n");
      },
      nowMs,
    },
    note,
    print: (data) => (data.length === 0 ? Promise.resolve() : written(stdout, data)),
    flushed: async () => {
      await Promise.allSettled([written(stdout, ""), written(stderr, "")]);
    },
  };
}

/**
 * What a job's driver program logs is a log: it goes to standard error, so that standard output
 * holds the result alone.
 */
export function consoleTo(note: (text: string) => void): Console {
  const sink = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, done) => {
      note(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
      done();
    },
  });
  return new Console({ stdout: sink, stderr: sink });
}

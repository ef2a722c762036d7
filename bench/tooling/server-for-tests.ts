// A server of others for one test file: started by the first test that needs it, and ended behind the last.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export interface ServerForTests<Server> {
  /** For `describe.skipIf`: there is no server to be had, and that is allowed here. */
  readonly absent: boolean;
  /** For the suite's title: says why it is skipped, or nothing. */
  readonly note: string;
  /** The same one for all tests of the file. */
  readonly server: () => Promise<Server>;
}

export interface ServerKind<Server> {
  /** Of its folder. */
  readonly name: string;
  /** Set to 1, it turns absence into failure. */
  readonly requiredBy: string;
  readonly isThere: boolean;
  /** How to get it, where it is not there. */
  readonly advice: string;
  /** All that it writes is in `folder`. */
  readonly start: (options: { readonly folder: string }) => Promise<Server>;
}

interface Stoppable {
  readonly stop: () => Promise<void>;
}

/** Call at the top level of a test file. */
export function serverForTests<Server extends Stoppable>(
  kind: ServerKind<Server>,
): ServerForTests<Server> {
  const { name, requiredBy, isThere, advice, start } = kind;
  if (!isThere && process.env[requiredBy] === "1")
    throw new Error(`${requiredBy}=1, but ${advice}`);
  let folder: string | undefined;
  let starting: Promise<Server> | undefined;
  afterAll(async () => {
    await (await starting?.catch(() => undefined))?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return {
    absent: !isThere,
    note: isThere ? "" : ` (skipped: ${advice})`,
    server: () => {
      folder ??= mkdtempSync(join(tmpdir(), `millrace-${name}-`));
      starting ??= start({ folder });
      return starting;
    },
  };
}

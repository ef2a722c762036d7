// The writes that a database knows: open, committed or aborted, for ever. Every step of a write asks here first,
// within the transaction that does it, so that whatever comes late finds the decision.

import { createHash } from "node:crypto";
import { EngineError, type SinkWrite } from "millrace";
import type { Client } from "pg";
import { inTransaction, quoted } from "./connect.ts";

export type WriteState = "open" | "committed" | "aborted";

export interface Ledger {
  /** Schema of the tables that the sink keeps. */
  readonly schema: string;
}

/** A write that is open for longer was forgotten: its cluster is gone, or its cleanup found no server. */
const forgottenAfter = "7 days";
/** A table is dropped later where somebody still holds it. */
const dropWait = "2s";

const tableOf = ({ schema }: Ledger) => `${quoted(schema)}.writes`;

/** Rows staged by all attempts of one write, each with its task and token. */
export function stagedTable({ schema }: Ledger, write: Pick<SinkWrite, "id">): string {
  const name = createHash("sha256").update(write.id).digest("hex").slice(0, 40);
  return `${quoted(schema)}.${quoted(`staged_${name}`)}`;
}

/** Two that make it at once: one of them is told that it is there, which is all that was wanted. */
export async function prepareLedger(client: Client, ledger: Ledger): Promise<void> {
  const found = await client.query("select to_regclass($1) is not null as known", [
    tableOf(ledger),
  ]);
  if ((found.rows[0] as { known: boolean }).known) return;
  await inTransaction(client, async () => {
    // One at a time: "if not exists" alone may still meet another that creates the same.
    await client.query("select pg_advisory_xact_lock(hashtext('millrace ledger'))");
    await client.query(`create schema if not exists ${quoted(ledger.schema)}`);
    await client.query(
      `create table if not exists ${tableOf(ledger)} (
        write_id text primary key,
        target text not null,
        state text not null check (state in ('open', 'committed', 'aborted')),
        rows bigint,
        opened_at timestamptz not null default now(),
        closed_at timestamptz,
        staged boolean not null default true
      )`,
    );
  });
}

/** Opens the write unless it is known. The answer is what it is now. */
export async function openWrite(
  client: Client,
  ledger: Ledger,
  write: SinkWrite,
  target: string,
): Promise<WriteState> {
  await client.query(
    `insert into ${tableOf(ledger)} (write_id, target, state) values ($1, $2, 'open') on conflict do nothing`,
    [write.id, target],
  );
  return await stateOf(client, ledger, write, "update");
}

/** Within a transaction: nobody changes it until the transaction ends. Throws for a write that was never begun. */
export async function stateOf(
  client: Client,
  ledger: Ledger,
  write: SinkWrite,
  lock: "share" | "update",
): Promise<WriteState> {
  const { rows } = await client.query<{ readonly state: WriteState }>(
    `select state from ${tableOf(ledger)} where write_id = $1 for ${lock}`,
    [write.id],
  );
  const [row] = rows;
  if (row !== undefined) return row.state;
  throw new EngineError(
    "OUTPUT_NOT_COMMITTED",
    `the write ${write.id} is not known in ${tableOf(ledger)}; was the table emptied while a job ran?`,
  );
}

export async function closeWrite(
  client: Client,
  ledger: Ledger,
  write: SinkWrite,
  state: "committed" | "aborted",
  rows: number,
): Promise<void> {
  await client.query(
    `update ${tableOf(ledger)} set state = $2, rows = $3, closed_at = now() where write_id = $1`,
    [write.id, state, rows],
  );
}

/** Aborts unless it was committed; also a write that nobody began, so that nobody will. */
export async function abortWrite(
  client: Client,
  ledger: Ledger,
  write: SinkWrite,
  target: string,
): Promise<void> {
  await inTransaction(client, async () => {
    const state = await openWrite(client, ledger, write, target);
    if (state === "open") await closeWrite(client, ledger, write, "aborted", 0);
  });
}

/** Removes what a closed write staged, unless an attempt of it still holds the table: then the next write does. */
export async function dropStaged(
  client: Client,
  ledger: Ledger,
  write: Pick<SinkWrite, "id">,
): Promise<void> {
  try {
    await inTransaction(client, async () => {
      await client.query(`set local lock_timeout to '${dropWait}'`);
      await client.query(`drop table if exists ${stagedTable(ledger, write)}`);
      await client.query(
        `update ${tableOf(ledger)} set staged = false where write_id = $1 and state <> 'open'`,
        [write.id],
      );
    });
  } catch (thrown) {
    const lockTimeout = "55P03";
    if (!(thrown instanceof Error) || Reflect.get(thrown, "code") !== lockTimeout) throw thrown;
  }
}

/** What earlier writes left: tables that were held when they should have gone, writes that nobody closed. */
export async function sweepWrites(client: Client, ledger: Ledger): Promise<void> {
  await client.query(
    `update ${tableOf(ledger)} set state = 'aborted', closed_at = now()
      where state = 'open' and opened_at < now() - interval '${forgottenAfter}'`,
  );
  const { rows } = await client.query<{ readonly id: string }>(
    `select write_id as id from ${tableOf(ledger)} where staged and state <> 'open' order by opened_at limit 100`,
  );
  for (const row of rows) await dropStaged(client, ledger, row);
}

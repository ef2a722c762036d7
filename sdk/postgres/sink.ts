// Tables of PostgreSQL as a sink: attempts stage rows beside the table, one transaction publishes them.

import {
  defineSink,
  EngineError,
  type RowSchema,
  type Sink,
  type SinkWrite,
  type StageAttempt,
  type StagedPart,
} from "millrace";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { connected, inTransaction, type PostgresConnection, quoted } from "./connect.ts";
import { copyText, type SinkBatch } from "./copy-text.ts";
import {
  abortWrite,
  closeWrite,
  dropStaged,
  type Ledger,
  openWrite,
  prepareLedger,
  stagedTable,
  stateOf,
  sweepWrites,
} from "./ledger.ts";
import { findRelation } from "./relation.ts";

export interface PostgresSinkOptions<Row> {
  readonly connection?: PostgresConnection;
  /** An existing table, as in SQL. Columns of the rows go into the table's columns of the same names. */
  readonly table: string;
  /** `replace` removes the table's rows in the transaction that publishes the new ones; `append` unless told. */
  readonly mode?: "append" | "replace";
  /** Rows are checked and converted to it before they are sent. */
  readonly schema?: RowSchema<Row>;
  /** Schema of the tables that the sink itself keeps; `millrace` unless told. */
  readonly bookkeepingSchema?: string;
}

/** Of one attempt: which columns its rows have. */
interface Receipt {
  readonly columns: readonly string[];
}

const taskColumn = "millrace_task";
const tokenColumn = "millrace_token";

interface Target {
  readonly options: PostgresSinkOptions<never>;
  readonly ledger: Ledger;
  readonly what: string;
}

async function begin({ options, ledger, what }: Target, write: SinkWrite): Promise<void> {
  await connected(options.connection, what, async (client) => {
    const { name, kind } = await findRelation(client, options.table);
    if (kind !== "r" && kind !== "p") {
      throw new EngineError("PLAN_INVALID", `${name} is no table; rows cannot be written to it`);
    }
    await prepareLedger(client, ledger);
    await sweepWrites(client, ledger);
    await inTransaction(client, async () => {
      const state = await openWrite(client, ledger, write, name);
      // A driver that comes late finds the write closed, and makes nothing.
      if (state !== "open") return;
      await client.query(
        `create table if not exists ${stagedTable(ledger, write)}
          (like ${name}, ${taskColumn} int4 not null, ${tokenColumn} int8 not null)`,
      );
      await freeStaged(client, ledger, write);
    });
  });
}

/** What the target says of nulls is checked when rows are published, where columns that rows lack get their defaults. */
async function freeStaged(client: Client, ledger: Ledger, write: SinkWrite): Promise<void> {
  const staged = stagedTable(ledger, write);
  const { rows } = await client.query<{ readonly name: string }>(
    `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0
      and attnotnull and not attisdropped and attname not in ($2, $3)`,
    [staged, taskColumn, tokenColumn],
  );
  for (const { name } of rows) {
    await client.query(`alter table ${staged} alter column ${quoted(name)} drop not null`);
  }
}

async function copyBatches(
  client: Client,
  staged: string,
  columns: readonly string[],
  attempt: StageAttempt,
  batches: AsyncIterable<SinkBatch>,
): Promise<void> {
  const list = [...columns, taskColumn, tokenColumn].map(quoted).join(", ");
  const stream = client.query(copyFrom(`copy ${staged} (${list}) from stdin`));
  const ended = new Promise<void>((resolve, reject) => {
    stream.once("finish", resolve);
    stream.once("error", reject);
  });
  ended.catch(() => undefined);
  const ending = `${attempt.taskIndex}\t${attempt.token}`;
  try {
    for await (const batch of batches) {
      checkColumns(batch, columns);
      const room = stream.write(copyText(batch, columns, ending));
      if (!room) {
        const drained = new Promise<void>((resolve) => stream.once("drain", resolve));
        await Promise.race([drained, ended]);
      }
    }
    stream.end();
  } catch (thrown) {
    stream.destroy();
    // What the server said is the cause, where it said anything.
    await Promise.race([ended, Promise.reject(thrown)]);
    throw thrown;
  }
  await ended;
}

function checkColumns(batch: SinkBatch, columns: readonly string[]): void {
  const known = new Set(columns);
  const other = Object.keys(batch.columns).find((name) => !known.has(name));
  if (other === undefined) return;
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    `some rows have a column ${other} that those before did not have; give the sink a schema`,
  );
}

async function* startingWith(
  first: SinkBatch,
  rest: AsyncIterator<SinkBatch>,
): AsyncGenerator<SinkBatch> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function stage(
  { options, ledger, what }: Target,
  batches: AsyncIterable<SinkBatch>,
  attempt: StageAttempt,
): Promise<Receipt> {
  const { write } = attempt;
  const iterator = batches[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return { columns: [] };
  const columns =
    options.schema?.fields.map(({ name }) => name) ?? Object.keys(first.value.columns);
  return await connected(options.connection, what, async (client) =>
    inTransaction(client, async () => {
      const staged = stagedTable(ledger, write);
      await copyBatches(client, staged, columns, attempt, startingWith(first.value, iterator));
      // Last, and with a lock: a write that is closed by now takes no more rows.
      await needOpen(client, ledger, write, "share");
      return { columns };
    }),
  );
}

async function needOpen(
  client: Client,
  ledger: Ledger,
  write: SinkWrite,
  lock: "share" | "update",
): Promise<void> {
  const state = await stateOf(client, ledger, write, lock);
  if (state === "open") return;
  throw new EngineError("OUTPUT_NOT_COMMITTED", `the write ${write.id} is ${state} already`);
}

async function commit(
  { options, ledger, what }: Target,
  parts: readonly StagedPart<Receipt>[],
  write: SinkWrite,
): Promise<void> {
  await connected(options.connection, what, async (client) => {
    const { name } = await findRelation(client, options.table);
    await inTransaction(client, async () => {
      if ((await stateOf(client, ledger, write, "update")) === "committed") return;
      await needOpen(client, ledger, write, "update");
      await publish(client, name, { options, ledger, what }, parts, write);
    });
    await dropStaged(client, ledger, write);
  });
}

/** Within the transaction that closes the write. */
async function publish(
  client: Client,
  table: string,
  { options, ledger }: Target,
  parts: readonly StagedPart<Receipt>[],
  write: SinkWrite,
): Promise<void> {
  const wanted = parts.reduce((sum, part) => sum + part.rows, 0);
  if (options.mode === "replace") await client.query(`delete from ${table}`);
  const columns = [...new Set(parts.flatMap(({ receipt }) => receipt.columns))];
  if (columns.length > 0) {
    const list = columns.map(quoted).join(", ");
    const { rowCount } = await client.query(
      `insert into ${table} (${list}) select ${list} from ${stagedTable(ledger, write)}
        where (${taskColumn}, ${tokenColumn}) in (select * from unnest($1::int4[], $2::int8[]))`,
      [parts.map(({ taskIndex }) => taskIndex), parts.map(({ token }) => token)],
    );
    // Nothing may pass for published that is not: a trigger, or a table that somebody emptied.
    if (rowCount !== wanted) {
      throw new EngineError(
        "OUTPUT_NOT_COMMITTED",
        `${wanted} rows were staged for ${table}, and ${rowCount} of them arrived; nothing was published`,
      );
    }
  }
  await closeWrite(client, ledger, write, "committed", wanted);
}

async function abort({ options, ledger, what }: Target, write: SinkWrite): Promise<void> {
  await connected(options.connection, what, async (client) => {
    await prepareLedger(client, ledger);
    await abortWrite(client, ledger, write, options.table);
    await dropStaged(client, ledger, write);
  });
}

/**
 * A table of PostgreSQL. All rows of a write appear in one transaction, which also notes in `millrace.writes` that
 * they did: so they are there once, whatever was tried again, and none of them if the job failed or was cancelled.
 * @param options the table, whether its rows stay, and the columns of the rows
 * @throws PLAN_INVALID for what is no table; INPUT_NOT_FOUND for a table that is not there; UNAVAILABLE where the server
 *   cannot be reached
 * @example
 * await counts.write.to(postgresSink({ table: "counts", mode: "replace" }));
 */
export function postgresSink<Row = Readonly<Record<string, unknown>>>(
  options: PostgresSinkOptions<Row>,
): Sink<Row> {
  const { table, schema, bookkeepingSchema = "millrace" } = options;
  const target: Target = {
    options: options as PostgresSinkOptions<never>,
    ledger: { schema: bookkeepingSchema },
    what: "PostgreSQL",
  };
  return defineSink<Row, Receipt>({
    ...{ name: "postgres", target: table },
    ...(schema === undefined ? {} : { schema }),
    begin: (write) => begin(target, write),
    stage: (batches, attempt) =>
      stage(target, batches as unknown as AsyncIterable<SinkBatch>, attempt),
    commit: (parts, write) => commit(target, parts, write),
    abort: (write) => abort(target, write),
  });
}

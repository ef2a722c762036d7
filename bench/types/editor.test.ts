// What a user reads and is offered: messages of programs that must not compile, and completion of names.

import { describe, expect, test } from "vitest";
import { check, completions } from "./virtual-program.ts";

const given = `import { col, count, type Dataset, decimal, int32, rank, schema, utf8, type RowOf } from "millrace";
const flightSchema = schema({ origin: utf8, delay: int32.nullable(), fare: decimal(15, 2) });
declare const flights: Dataset<RowOf<typeof flightSchema>>;
declare const airports: Dataset<{ readonly origin: string; readonly city: string }>;
declare const numbered: Dataset<{ readonly origin: number; readonly city: string }>;
declare const named: Dataset<{ readonly origin: string; readonly delay: string }>;
`;

function messages(code: string): string {
  return check(`${given}${code}`)
    .errors.map((error) => error.replace(/^\d+: /, ""))
    .join("\n");
}

describe("programs that must not compile say why", () => {
  test.each([
    [
      "flights.where((c) => c.dely.gt(3));",
      /Property 'dely' does not exist on type .*Did you mean 'delay'\?/,
    ],
    ['flights.select("orign");', /'"orign"' is not assignable to .*"origin" \| "delay" \| "fare"/],
    [
      'flights.drop("orign");',
      /'"orign"' is not assignable to parameter of type '"origin" \| "delay" \| "fare"'/,
    ],
    ['flights.groupBy("orign");', /'"orign"' is not assignable to .*"origin" \| "delay" \| "fare"/],
    ['flights.rename({ orign: "from" });', /there is no column 'orign'/],
    [
      'flights.where((c) => c.delay.gt("3"));',
      /^Argument of type '"3"' is not assignable to parameter of type 'ValueOrColumn<number>'\.$/,
    ],
    [
      "flights.where((c) => c.origin.eq(3));",
      /^Argument of type '3' is not assignable to parameter of type 'ValueOrColumn<string>'\.$/,
    ],
    [
      "flights.where((c) => c.origin.add(1));",
      /Property 'add' does not exist on type 'StringColumn<never, unknown>'/,
    ],
    [
      "flights.where((c) => c.delay);",
      /NumberColumn<null, unknown>' is not assignable to .*boolean/s,
    ],
    [
      "flights.where((c) => c.origin.eq(c.delay));",
      /^Argument of type 'NumberColumn<null, unknown>' is not assignable to parameter of type 'ValueOrColumn<string>'\..* \/ Type 'number' is not assignable to type 'string'\.$/,
    ],
    [
      "flights.withColumn('x', (c) => c.delay.add(c.fare));",
      /^Argument of type 'DecimalColumn<never, unknown>' is not assignable to parameter of type 'ValueOrColumn<number>'\..* \/ Type 'Decimal' is not assignable to type 'number \| null'\.$/,
    ],
    [
      "flights.withColumn('half', (c) => c.fare.mul(0.5));",
      /^Argument of type '0\.5' is not assignable to parameter of type 'BigintOrDecimalColumn<"decimals are exact: cast the other, as in cast\(decimal\(15, 2\)\), or this one to float64">'\.$/,
    ],
    [
      "flights.withColumn('sum', (c) => c.fare.add(c.delay));",
      /^Argument of type 'NumberColumn<null, unknown>' is not assignable to parameter of type 'BigintOrDecimalColumn<"decimals are exact: cast the other, as in cast\(decimal\(15, 2\)\), or this one to float64">'\./,
    ],
    [
      "flights.where((c) => c.fare.gt('12.50'));",
      /^Argument of type '"12\.50"' is not assignable to parameter of type 'NumberOrDecimalColumn<"of text make a decimal first, as in lit\('12\.50', decimal\(15, 2\)\)">'\.$/,
    ],
    [
      "flights.where((c) => c.fare.gt(c.origin));",
      /^Argument of type 'StringColumn<never, unknown>' is not assignable to parameter of type '.*"a column of text is no decimal: cast it, as in cast\(decimal\(15, 2\)\)"'\./,
    ],
    ['flights.where(col("dely").gt(3));', /Property 'dely' is missing in type/],
    ['flights.where(col("origin").gt(3));', /Type 'string' is not assignable to type 'number'/],
    [
      "flights.groupBy('origin').agg((c) => ({ x: c.delay }));",
      /Type 'NumberColumn<null, unknown>' is missing the following properties from type 'Aggregate</,
    ],
    [
      "flights.withColumn('x', () => rank());",
      /Type 'WindowValue<number, unknown>' is missing .* from type 'Expression</,
    ],
    ['flights.join(airports, "city");', /the left dataset has no column 'city'/],
    ['airports.join(flights, "city");', /the right dataset has no column 'city'/],
    ['flights.join(airports, "orign");', /neither dataset has a column 'orign'/],
    // Another column of both clashes, which is not what is wrong.
    ['flights.join(named, "orign");', /^(?!.*delay'? is ).*neither dataset has a column 'orign'/],
    ['flights.join(named, ["origin", "dely"]);', /neither dataset has a column 'dely'/],
    [
      'flights.join(numbered, "origin");',
      /the column 'origin' is string on the left and number on the right/,
    ],
    [
      'flights.join(named, "origin");',
      /both have a column 'delay': rename the right one, as in \{ rename: \{ delay: … \} \}/,
    ],
    [
      "flights.join(airports, (l, r) => l.delay.eq(r.city), { rename: { origin: 'o' } });",
      /'StringColumn<never, unknown>' is not assignable to .*number/,
    ],
    ['flights.join(airports, "origin", "outer");', /'"outer"' is not assignable/],
    ['flights.explode("origin");', /there is no column of lists/],
    ["flights.union(airports);", /missing .* delay, fare/],
    [
      'airports.union(airports, airports.withColumn("zone", () => col("city")));',
      /the other dataset also has a column 'zone': drop it, or add it to this one/,
    ],
    [
      'airports.except(airports.withColumn("zone", () => col("city")));',
      /the other dataset also has a column 'zone'/,
    ],
  ])("%s", (code, message) => {
    expect(messages(code)).toMatch(message);
  });

  test("and programs that must compile do", () => {
    const right = [
      'flights.join(airports, "origin").where((c) => c.city.eq("Seattle"));',
      "flights.withColumn('x', (c) => c.fare.add(c.fare).mul(2n).div(0.5));",
      "flights.where((c) => c.fare.gt(12.5).and(c.fare.eq(null)).and(c.fare.le(c.delay)));",
      "flights.where((c) => c.fare.between(c.fare, c.origin.cast(decimal(15, 2))));",
    ];
    expect(messages(right.join("\n"))).toBe("");
  });
});

describe("editors complete the names of columns", () => {
  const names = ["delay", "fare", "origin"];
  test.each([
    ["flights.where((c) => c.|);", names],
    ['flights.select("|");', names],
    ['flights.drop("|");', names],
    ['flights.groupBy("|");', names],
    ['flights.orderBy("|");', names],
    ['flights.distinct("|");', names],
    ['flights.write.parquet("out", { partitionBy: "|" });', names],
    ['flights.join(airports, "|");', ["origin"]],
    ["flights.join(airports, (l, r) => r.|);", ["city", "origin"]],
    ['flights.withColumn("late", (c) => c.|);', names],
    ["flights.rename({ | });", names],
    ["flights.groupBy('origin').agg((c) => ({ n: c.| }));", names],
    ["flights.withColumn('x', (c) => c.delay.add(1)).where((c) => c.|);", [...names, "x"]],
  ])("%s", (code, expected) => {
    const offered = completions(given + code);
    expect([...offered].sort()).toEqual(expected);
  });

  test("and offer the methods of a column's type only", () => {
    const ofText = completions(`${given}flights.where((c) => c.origin.|);`);
    expect(ofText).toEqual(expect.arrayContaining(["upper", "startsWith", "eq", "isNull"]));
    expect(ofText).not.toContain("add");
    const ofNumber = completions(`${given}flights.where((c) => c.delay.|);`);
    expect(ofNumber).toEqual(expect.arrayContaining(["add", "round", "gt", "avg"]));
    expect(ofNumber).not.toContain("upper");
  });
});

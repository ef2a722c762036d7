// Reading S3's XML.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeListedName, escapeXml, xmlElements, xmlText } from "./store-xml.ts";

const listing = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3">
  <IsTruncated>false</IsTruncated><Empty></Empty>
  <Contents><Key>a</Key><Size>1</Size></Contents><Contents><Key>b&amp;&#x3c;&#62;</Key></Contents>
  <Open></ListBucketResult>`;

test("elements are found by name, with or without attributes", () => {
  expect(xmlElements(listing, "Contents")).toHaveLength(2);
  expect(xmlElements(listing, "Contents").map((item) => xmlText(item, "Key"))).toEqual([
    "a",
    "b&<>",
  ]);
  expect(xmlText(listing, "IsTruncated")).toBe("false");
  expect(xmlText(listing, "Empty")).toBe("");
  expect(xmlText(listing, "Size")).toBe("1");
  expect(xmlText(listing, "Absent")).toBeUndefined();
  expect(xmlText(listing, "Open")).toBeUndefined();
  expect(xmlElements(listing, "ListBucketResult")).toHaveLength(1);
});

test("escaping is undone by reading", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(xmlText(`<a>${escapeXml(text)}</a>`, "a")).toBe(text);
    }),
  );
  expect(xmlText("<a>&nbsp;&#x110000;</a>", "a")).toBe("&nbsp;&#x110000;");
});

test("listed names are form-encoded", () => {
  expect(decodeListedName("a+b%2Bc%2F%C3%A9")).toBe("a b+c/é");
});

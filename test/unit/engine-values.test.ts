import { describe, expect, it } from "vitest";
import { covers, differences, hasSecret, keepOld, leaves, mask, pulumiPath, reveal, secret } from "../../engine/values";

describe("properties", () => {
  it("differ at paths", () => {
    expect(differences({ a: 1, b: { c: [1, 2], d: 3 } }, { a: 1, b: { c: [1, 5, 6], e: 3 } })).toEqual([
      "b.c.1",
      "b.c.2",
      "b.d",
      "b.e",
    ]);
    expect(["b.c.1", "devices.disks.10.device", "a.1b"].map(pulumiPath)).toEqual([
      "b.c[1]",
      "devices.disks[10].device",
      "a.1b",
    ]);
    expect(differences({ a: [1] }, { a: { 0: 1 } })).toEqual(["a"]);
    expect(differences({ a: { b: 1 } }, { a: { b: 1 } })).toEqual([]);
  });

  it("are kept as they were at the paths that options name", () => {
    const old = {
      a: { b: 1, c: 2 },
      list: [
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ],
    };
    const next = {
      a: { b: 9, d: 9 },
      list: [
        { x: 8, y: 8 },
        { x: 9, y: 9 },
      ],
      more: 1,
    };
    expect(keepOld(old, next, ["a.b", "a.c", "list[1].x", "more"])).toEqual({
      a: { b: 1, c: 2, d: 9 },
      list: [
        { x: 8, y: 8 },
        { x: 2, y: 9 },
      ],
    });
    expect(keepOld(old, next, ["list[*].y"]).list).toEqual([
      { x: 8, y: 1 },
      { x: 9, y: 2 },
    ]);
    expect(next.a).toEqual({ b: 9, d: 9 });
  });

  it("are covered by patterns", () => {
    expect(covers("*", "a.b.0")).toBe(true);
    expect(covers("a[0]", "a.0.c")).toBe(true);
    expect(covers('a["b"]', "a.b")).toBe(true);
    expect(covers("a.b", "a")).toBe(false);
    expect(covers("a", "ab")).toBe(false);
    expect(covers("*.c", "a.b")).toBe(false);
  });

  it("hide and reveal what is secret in them", () => {
    const value = { a: [secret({ b: secret("a long secret") })], c: "open" };
    expect(reveal(value)).toEqual({ a: [{ b: "a long secret" }], c: "open" });
    expect(hasSecret(value)).toBe(true);
    expect(hasSecret(reveal(value))).toBe(false);
    expect(secret(secret(1))).toEqual(secret(1));
    expect(mask("open: a long secret, twice: a long secret", value)).toBe("open: [secret], twice: [secret]");
  });

  it("end in leaves", () => {
    expect(leaves({ a: { b: [1, {}] }, c: null })).toEqual(["a.b.0", "a.b.1", "c"]);
  });
});

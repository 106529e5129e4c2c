import { describe, expect, it } from "vitest";
import { testDepth } from "../../cli/test-depth";

describe("LAB_DEPTH", () => {
  it("is normal when it is not said", () => {
    expect(testDepth(undefined)).toBe("normal");
    expect(testDepth("quick")).toBe("quick");
  });

  it("is refused when it is none of them", () => {
    expect(() => testDepth("deep")).toThrow('LAB_DEPTH must be quick, normal, full, got "deep"');
  });
});

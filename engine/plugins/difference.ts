import { type Driver, type Drift, SHUT_OFF } from "../drivers/driver";
import { covers, differences, keepOld, type Properties, valueAt } from "../values";

/** How a resource differs from what is wanted. */
export interface Difference {
  /** Every property path, of inputs and of what a read has found. */
  readonly paths: readonly string[];
  /** Those that the engine is told: it replaces on them where a resource's `replaceOnChanges` says so. */
  readonly named: readonly string[];
}

/** A resource's inputs and outputs, with secrets in the clear. */
export interface Values {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** Compares a resource, as the last read has found it, with what is wanted. */
export function differenceOf(driver: Driver, old: Values, wanted: Properties, ignored: readonly string[]): Difference {
  const changed = differences(old.inputs, wanted);
  const drift = Object.keys(driver.observed ?? {}).filter((path) => {
    const found = valueAt(old.outputs, path);
    const isIgnored = ignored.some((pattern) => covers(pattern, path));
    return found !== undefined && found !== expected(driver, old.inputs, path) && !isIgnored;
  });
  return { paths: [...changed, ...drift], named: [...changed, ...drift.filter((path) => path !== SHUT_OFF.path)] };
}

/** A resource's outputs, with what is really there: they are as expected, but for the drift. */
export function withFound(driver: Driver, { inputs, outputs }: Values, drift: Drift | undefined): Properties {
  const paths = Object.keys(driver.observed ?? {}).filter(
    (path) => path === drift?.path || valueAt(outputs, path) !== undefined,
  );
  return paths.reduce((found, path) => {
    const value = path === drift?.path ? drift.found : expected(driver, inputs, path);
    return value === undefined ? found : keepOld(nest(path, value), found, [path]);
  }, outputs);
}

function expected(driver: Driver, inputs: Properties, path: string): unknown {
  return valueAt(inputs, path) ?? driver.observed?.[path];
}

function nest(path: string, value: unknown): Properties {
  return path.split(".").reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Properties;
}

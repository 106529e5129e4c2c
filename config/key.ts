import * as v from "valibot";

/**
 * The effect of a change on a lab that is up: nothing restarts, a reload, a restart, a rebuild of hosts or services from nothing; or the
 * change is refused.
 */
type Effect = "live" | "reload" | "restart" | "rebuild" | "refused";

/** The effect of a change, in a sentence for a DBA. */
export interface Change {
  readonly effect: Effect;
  readonly text: string;
  /** What to do instead, where it is refused. */
  readonly hint?: string;
}

/** A key of the configuration. */
export interface Key {
  /** Pulumi's type. */
  readonly type: "string" | "integer" | "boolean" | "array" | "object";
  /** The type of a list's items. */
  readonly items?: "string" | "object";
  /** From Pulumi's text, which is JSON for lists and objects, to the value. */
  readonly check: v.GenericSchema;
  readonly default: unknown;
  readonly description: string;
  /** Whether its value may be a secret, which no message and no output shows. */
  readonly secret?: true;
  readonly change: Change;
}

const effect =
  (name: Effect) =>
  (text: string, hint?: string): { change: Change } => ({ change: { effect: name, text, hint } });

export const live = effect("live");
export const reload = effect("reload");
export const restart = effect("restart");
export const rebuild = effect("rebuild");
export const refused = effect("refused");

/** The message of a check: what is allowed, what was given. */
function must(allowed: string, hint = ""): (issue: { readonly input: unknown }) => string {
  return ({ input }) => `must be ${allowed}, got ${JSON.stringify(input)}${hint}`;
}

/** A line of text that matches. */
export const text = (pattern: RegExp, allowed: string) =>
  ({ type: "string", check: v.pipe(v.string(), v.regex(pattern, must(allowed))) }) as const;

/** Text that is converted, such as to an absolute path. */
export const textAs = (pattern: RegExp, allowed: string, convert: (text: string) => string) =>
  ({
    type: "string",
    check: v.pipe(v.string(), v.regex(pattern, must(allowed)), v.transform(convert)),
  }) as const;

/** Text that other checks judge. */
export const anyText = { type: "string", check: v.string() } as const;

export const oneOf = <const T extends readonly string[]>(words: T) =>
  ({ type: "string", check: v.picklist(words, must(`one of ${words.join(", ")}`)) }) as const;

export const flag = {
  type: "boolean",
  check: v.pipe(
    v.picklist(["true", "false"], must("true or false")),
    v.transform((word) => word === "true"),
  ),
} as const;

export const whole = (least: number, most: number, hint?: string) => {
  const message = must(`a whole number from ${least} to ${most}`, hint);
  const digits = v.pipe(v.string(), v.regex(/^-?\d+$/, message), v.transform(Number));
  return { type: "integer", check: v.pipe(digits, v.minValue(least, message), v.maxValue(most, message)) } as const;
};

/** JSON of a shape. */
const json = <S extends v.GenericSchema>(shape: S, allowed: string) =>
  v.pipe(v.string(), v.parseJson(undefined, must(allowed)), shape);

/** A list of texts that match, each once. */
export const texts = (pattern: RegExp, one: string, allowed: string, least = 0) => {
  const item = v.pipe(v.string(must(one)), v.regex(pattern, must(one)));
  const list = v.pipe(
    v.array(item, must(allowed)),
    v.minLength(least, must(allowed)),
    v.check((all) => new Set(all).size === all.length, must(allowed)),
  );
  return { type: "array", items: "string", check: json(list, allowed) } as const;
};

/** A list of objects of one shape. */
export const objects = <S extends v.GenericSchema>(shape: S, least: number, most: number, allowed: string) => {
  const list = v.pipe(
    v.array(shape, must(allowed)),
    v.minLength(least, must(allowed)),
    v.maxLength(most, must(allowed)),
  );
  return { type: "array", items: "object", check: json(list, allowed) } as const;
};

/** An object of one shape. */
export const object = <S extends v.GenericSchema>(shape: S) =>
  ({ type: "object", check: json(shape, "an object") }) as const;

/** A field of an object. */
export const field = <S extends v.GenericSchema>(shape: (message: ReturnType<typeof must>) => S, allowed: string): S =>
  shape(must(allowed));

/** A field that is a text that matches. */
export const textField = (pattern: RegExp, allowed: string, hint = "") => {
  const message = must(allowed, hint);
  return v.pipe(v.string(message), v.regex(pattern, message));
};

/** A field that is one of these words, or left out. */
export const wordField = <const T extends readonly string[]>(words: T) =>
  v.optional(field((message) => v.picklist(words, message), words.join(" or ")));

/** A field that is a whole number, as JSON has it. */
export const wholeField = (least: number, most?: number) => {
  const shape = (message: ReturnType<typeof must>) =>
    v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most ?? Infinity, message));
  return field(shape, `a whole number from ${least}${most === undefined ? "" : ` to ${most}`}`);
};

/** An object with these fields and no others. */
export const fields = <E extends v.ObjectEntries>(entries: E) =>
  v.strictObject(entries, ({ expected, input }) =>
    expected === "never"
      ? `is an unknown field; allowed are ${Object.keys(entries).join(", ")}`
      : must("an object")({ input }),
  );

/** A tool's additional options, name to value; some are refused, or some of their values. */
export const options = (problemOf: (name: string, value: string | number | boolean) => string | undefined) => {
  const value = v.union(
    [v.pipe(v.string(), v.regex(/^[^\r\n]*$/)), v.number(), v.boolean()],
    must("one line of text, a number or a boolean"),
  );
  const allowed = "an object of names and values";
  const record = v.pipe(
    v.record(v.string(), value, must(allowed)),
    v.rawCheck(({ dataset, addIssue }) => {
      for (const [name, value] of Object.entries(dataset.typed ? dataset.value : {})) {
        const isName = /^[a-z][a-z0-9_.-]*$/i.test(name);
        const message = isName ? problemOf(name, value) : `has an invalid name: ${JSON.stringify(name)}`;
        if (message !== undefined) addIssue({ message });
      }
    }),
  );
  return { type: "object", check: json(record, allowed) } as const;
};

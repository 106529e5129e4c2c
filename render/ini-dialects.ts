import * as ini from "ini";

/** Options in their order; a list has a line for each item (`tls-server-auth`); `undefined` is left out. */
export type IniSection = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Sections by name, in their order. */
export type IniFile = Readonly<Record<string, IniSection>>;

/**
 * pgBackRest's dialect: values are raw text, quotes would be part of them, booleans are `y` and `n`, a list repeats the option
 * (pgBackRest, "Configuration Reference"). Sections without options are left out.
 * @throws RangeError when a value has a line break or blanks at its ends, which the format cannot express.
 */
export function renderPgBackRestIni(file: IniFile): string {
  return render(file, { yes: "y", no: "n" });
}

/** systemd's dialect: a list repeats the option, booleans are `yes` and `no` (systemd.syntax(7)). */
export function renderSystemdIni(file: IniFile): string {
  return render(file, { yes: "yes", no: "no" });
}

/** dnf's dialect, for `.repo` files, which zypper reads too: booleans are `1` and `0` (dnf.conf(5)). */
export function renderDnfIni(file: IniFile): string {
  return render(file, { yes: "1", no: "0" });
}

/**
 * Barman's dialect, which is Python's: booleans are `on` and `off` (barman(5)).
 * @throws RangeError when a value has `%`, which refers to another option's value.
 */
export function renderBarmanIni(file: IniFile): string {
  const text = render(file, { yes: "on", no: "off" });
  if (text.includes("%")) throw new RangeError(`no value may hold "%", got ${JSON.stringify(text)}`);
  return text;
}

interface Words {
  readonly yes: string;
  readonly no: string;
}

/**
 * `ini.stringify` quotes a value with `=`, `;` or `#` and writes lists as `key[]`; these programs take both literally. So each value goes in
 * as a token that `ini` leaves alone, and the token is replaced by the raw text.
 */
function render(file: IniFile, words: Words): string {
  const values: string[] = [];
  const hold = (value: string): string => `value${values.push(value) - 1}end`;
  const sections = Object.entries(file).map(([name, section]) => {
    const lines = Object.entries(section).flatMap(([option, value]) => {
      if (value === undefined) return [];
      return (Array.isArray(value) ? (value as readonly string[]) : [value]).map((item): [string, string] => [
        option,
        hold(rawText(option, item as string | number | boolean, words)),
      ]);
    });
    return [name, lines] as const;
  });
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => {
      const [header = ""] = ini.stringify({ [name]: { option: "" } }).split("\n");
      const body = lines.map(([option, token]) => ini.stringify({ [option]: token }).trimEnd());
      return [header.replaceAll("\\.", "."), ...body, ""].join("\n");
    })
    .join("\n")
    .replaceAll(/value(\d+)end/g, (_, index: string) => values[Number(index)] ?? "");
}

function rawText(option: string, value: string | number | boolean, words: Words): string {
  if (typeof value === "boolean") return value ? words.yes : words.no;
  const text = String(value);
  if (/[\r\n]/.test(text) || text !== text.trim()) {
    throw new RangeError(`${option} must be one line without blanks at its ends, got ${JSON.stringify(text)}`);
  }
  return text;
}

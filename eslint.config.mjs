import tseslint from "typescript-eslint";

/** Arrows go one way: which other rooms of the house each may import. */
const ARROWS = {
  config: [],
  plan: ["config"],
  render: ["plan", "config"],
  steps: ["plan", "config"],
  components: ["steps", "render", "plan", "config"],
  hypervisor: ["plan", "config"],
  engine: [],
  bench: ["hypervisor", "plan"],
  observe: ["steps", "plan", "config"],
  cli: ["bench", "engine", "hypervisor", "observe", "steps", "plan", "config"],
};
const ROOMS = [...Object.keys(ARROWS), "docs", "test"];

function arrowsOf([room, allowed]) {
  const others = ROOMS.filter((other) => other !== room && !allowed.includes(other));
  const message = `${room}/ imports ${allowed.length === 0 ? "no other room" : `only ${allowed.join(", ")}`}`;
  const pattern = { regex: `^(\\.\\./)+(${others.join("|")})/`, message };
  return { files: [`${room}/**/*.ts`], rules: { "no-restricted-imports": ["error", { patterns: [pattern] }] } };
}

export default tseslint.config(
  { ignores: ["node_modules/", ".lab/", "eslint.config.mjs", "sdks/*/bin/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: "./tsconfig.json" } },
    rules: {
      // An Output in a template literal reaches a host as text; a number does no harm.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Pulumi's resources and components are made for their effect.
      "no-new": "off",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
    },
  },
  ...Object.entries(ARROWS).map(arrowsOf),
  {
    // What loads TypeScript is none itself.
    files: ["**/*.cjs"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { require: "readonly", process: "readonly" }, parserOptions: { project: null } },
    rules: { ...tseslint.configs.disableTypeChecked.rules, "@typescript-eslint/no-require-imports": "off" },
  },
);

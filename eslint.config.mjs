import tseslint from "typescript-eslint";

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
  {
    // What loads TypeScript is none itself.
    files: ["**/*.cjs"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { require: "readonly", process: "readonly" }, parserOptions: { project: null } },
    rules: { ...tseslint.configs.disableTypeChecked.rules, "@typescript-eslint/no-require-imports": "off" },
  },
);

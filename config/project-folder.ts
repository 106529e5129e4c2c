import * as path from "node:path";

/** The folder with Pulumi.yaml, which relative files are taken from. */
export const PROJECT_FOLDER = path.resolve(__dirname, "..");

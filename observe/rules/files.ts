import { createTwoFilesPatch } from "diff";
import { fail, rules } from "../findings";

const FIX = { steps: true } as const;

/** Files and folders that the program keeps on hosts. */
export const FILES = rules(
  {
    "LAB-FILE-MISSING": {
      ...fail("files", "the file is missing", FIX),
      after: ["LAB-CERT-MISSING", "LAB-KEY-MISSING"],
      scope: "subject",
    },
    "LAB-FOLDER-MISSING": { ...fail("files", "the folder is missing", FIX), after: ["LAB-PACKAGE-MISSING"] },
    "LAB-FILE-OWNER": {
      ...fail("files", "the {kind} belongs to {owner}, not to {wanted}", FIX),
      after: ["LAB-KEY-OWNER"],
      scope: "subject",
    },
    "LAB-FILE-MODE": {
      ...fail("files", "the file has mode {mode}, not {wanted}", FIX),
      after: ["LAB-KEY-MODE"],
      scope: "subject",
    },
    "LAB-FILE-CONTENT": {
      ...fail("files", "the file is not what the program wrote", FIX),
      after: ["LAB-CERT-*", "LAB-CA-*"],
      scope: "subject",
    },
  },
  ({ hosts }, tell) => {
    for (const host of hosts) {
      const { files } = host.facts;
      for (const { path, owner, mode, content, digest, steps } of files === undefined ? [] : host.managed.files) {
        const seen = files?.[path];
        // A folder's mode is the package's.
        const isFolder = mode === undefined;
        const found = { subject: path, steps, kind: isFolder ? "folder" : "file" };
        if (seen === undefined) {
          tell(isFolder ? "LAB-FOLDER-MISSING" : "LAB-FILE-MISSING", host, found);
          continue;
        }
        if (seen.owner !== owner) tell("LAB-FILE-OWNER", host, { ...found, owner: seen.owner, wanted: owner });
        const seenMode = seen.mode.padStart(4, "0");
        if (!isFolder && seenMode !== mode) tell("LAB-FILE-MODE", host, { ...found, mode: seenMode, wanted: mode });
        if (digest !== undefined && seen.digest !== digest) {
          const text = Buffer.from(seen.content, "base64").toString();
          const diff =
            content === undefined ? undefined : createTwoFilesPatch(path, path, content, text, "wanted", "found");
          tell("LAB-FILE-CONTENT", host, { ...found, diff });
        }
      }
    }
  },
);

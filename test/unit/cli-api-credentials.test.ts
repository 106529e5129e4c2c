import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import { writeCredentials } from "../../cli/commands/api";

it("gives credentials to the user who called sudo, with the folders that it makes for them and no others", () => {
  const there = fs.mkdtempSync(path.join(os.tmpdir(), "lab-credentials-"));
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  // Only root can give files away.
  const owner = uid === 0 ? { uid: 1234, gid: 2345 } : { uid, gid };
  const folder = path.join(there, "new", "admin");
  const files = writeCredentials(folder, { "ca.cert": "CA", "client.key": "KEY" }, owner);
  expect(files).toEqual([path.join(folder, "ca.cert"), path.join(folder, "client.key")]);
  const stat = (file: string): unknown[] => {
    const { uid: user, gid: group, mode } = fs.statSync(file);
    return [user, group, (mode & 0o777).toString(8)];
  };
  for (const made of [folder, path.dirname(folder)]) expect(stat(made)).toEqual([owner.uid, owner.gid, "700"]);
  expect(stat(there)).toEqual([uid, gid, "700"]);
  expect(stat(files[0] ?? "")).toEqual([owner.uid, owner.gid, "644"]);
  expect(stat(files[1] ?? "")).toEqual([owner.uid, owner.gid, "600"]);
  fs.rmSync(there, { recursive: true });
});

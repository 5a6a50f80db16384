import { execFile } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { editFile, writeFiles } from "../../../commands/shared/write";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-write-"));
  file = join(folder, "file");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const text = () => readFileSync(file, "utf8");
const edited = (edit: (before: string) => string) => editFile(file, text, edit);

describe("a file that is written", () => {
  test("is made, or replaced with its mode, and leaves nothing beside it", () => {
    writeFiles({ [file]: "one" });
    chmodSync(file, 0o640);
    writeFiles({ [file]: "two" });
    expect({ text: text(), mode: statSync(file).mode & 0o777, files: readdirSync(folder) }).toEqual({
      text: "two",
      mode: 0o640,
      files: ["file"],
    });
  });

  test("with others is replaced only once all have room", () => {
    const other = join(folder, "other");
    for (const name of [file, other]) writeFileSync(name, "one");
    expect(() => writeFiles({ [file]: "two", [other]: "two", "/dev/full": "two" })).toThrow("(ENOSPC)");
    expect([text(), readFileSync(other, "utf8"), readdirSync(folder)]).toEqual(["one", "one", ["file", "other"]]);
  });

  test("behind a link is replaced there", () => {
    const link = join(folder, "link");
    writeFileSync(file, "one");
    symlinkSync(file, link);
    writeFiles({ [link]: "two" });
    expect(text()).toBe("two");
    expect(readdirSync(folder)).toEqual(["file", "link"]);
  });

  test("and cannot be is named with the system's reason, and stays as it is", () => {
    mkdirSync(`${file}.${process.pid}.draft`);
    writeFileSync(file, "one");
    expect(() => writeFiles({ [file]: "two" })).toThrow(
      `'${file}' must be a file that can be written because its content is replaced (EISDIR); make room, or change the permissions of the file and its folder`,
    );
    expect(text()).toBe("one");
  });

  // It is the kernel's disk that is full: Linux only.
  test.runIf(process.platform === "linux")("to a device goes there, and a full one is one line", () => {
    expect(() => writeFiles({ "/dev/full": "x" })).toThrow("because its content is replaced (ENOSPC)");
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  });
});

describe("a file that is edited", () => {
  test("is not touched where nothing changes, and stays where the edit fails", async () => {
    writeFileSync(file, "one");
    const { ino } = statSync(file);
    expect(await edited((before) => before)).toBe("unchanged");
    await expect(
      edited(() => {
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect({ ino: statSync(file).ino, files: readdirSync(folder), text: text() }).toEqual({
      ino,
      files: ["file"],
      text: "one",
    });
    expect(await edited((before) => `${before} two`)).toBe("changed");
    expect(text()).toBe("one two");
  });

  test("by many processes at once keeps every edit", async () => {
    writeFileSync(file, "");
    const program = join(folder, "edit.ts");
    writeFileSync(
      program,
      `import { readFileSync } from "node:fs";
       import { editFile } from ${JSON.stringify(join(__dirname, "../../../commands/shared/write"))};
       const [, , file, line] = process.argv;
       (async () => { for (let i = 0; i < 20; i++) await editFile(file, () => readFileSync(file, "utf8"), (before) => before + line + i + "\\n"); })();`,
    );
    const writers = ["a", "b", "c", "d"];
    await Promise.all(
      writers.map((name) =>
        promisify(execFile)(process.execPath, ["--import", "tsx", program, file, name], {
          cwd: join(__dirname, "../../.."),
        }),
      ),
    );
    const wanted = writers.flatMap((name) => Array.from({ length: 20 }, (_, i) => `${name}${i}`));
    expect(text().trim().split("\n").toSorted()).toEqual(wanted.toSorted());
  });

  test("waits for another command, and reports it where that one never ends", async () => {
    writeFileSync(file, "one");
    writeFileSync(`${file}.lock`, "");
    setTimeout(() => rmSync(`${file}.lock`), 200);
    expect(await edited(() => "two")).toBe("changed");
    writeFileSync(`${file}.lock`, "");
    vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValue(10_001);
    await expect(edited(() => "three")).rejects.toThrow(
      `'${file}' must not be edited by two commands at once because the second would undo the first; wait until the other one has ended, or remove ${file}.lock if none is running`,
    );
    expect(text()).toBe("two");
  });
});

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { InputError } from "../../../../capacity/problem";
import { collectFromFiles } from "../../../../commands/shared/cloud/collect-files";
import { deployedFrom } from "../../../../commands/shared/cloud/deployed";
import { collectionOf, fixture, LOCATION } from "../../diagnose/fixtures";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-gcloud-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: unknown) =>
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
const sources = () =>
  collectFromFiles(folder, LOCATION)
    .objects.map(({ source }) => source)
    .toSorted();

describe("a file is recognised by its content", () => {
  test("whatever it is called, a list or a single object, or a page of a REST answer", () => {
    write("a.txt", fixture("healthy", "services.json")[0]);
    write("b", { services: [fixture("healthy", "frontend.json")], nextPageToken: "" });
    write("c.json", [fixture("healthy", "instances.json")[0], fixture("healthy", "connectors.json")[0]]);
    write("routers.json", fixture("healthy", "redis.json"));
    write("e.json", { kind: "compute#networkList", items: fixture("healthy", "networks.json") });
    expect(sources()).toEqual(["caches", "connectors", "instances", "networks", "services", "services"]);
    expect(collectFromFiles(folder, LOCATION).notes).toEqual([]);
  });

  test("an empty list counts for what the collecting lines call it, and is named otherwise", () => {
    write("routers.json", []);
    write("some.json", []);
    const { collected, notes } = collectFromFiles(folder, LOCATION);
    expect([...collected]).toEqual(["routers"]);
    expect(notes).toEqual([
      "some.json is an empty list, and neither its content nor its name shows of what: it is left out",
    ]);
  });

  test("what is no JSON or in no known shape is named and left out, and nothing of it is repeated", () => {
    write("broken.json", '{"password": hunter2}');
    write("empty.json", "");
    write("text.json", '"hunter2"');
    write("null.json", "null");
    write("bucket.json", { storage_url: "gs://hunter2" });
    write("mixed.json", [fixture("healthy", "connectors.json")[0], { hunter2: 1 }]);
    expect(collectFromFiles(folder, LOCATION).notes).toEqual([
      "broken.json is neither JSON nor YAML (--format=json prints it), and is left out",
      "bucket.json has an unknown form, and is left out",
      "empty.json is neither JSON nor YAML (--format=json prints it), and is left out",
      "mixed.json has 1 of 2 objects of an unknown form, which are left out",
      "null.json has an unknown form, and is left out",
      "text.json has an unknown form, and is left out",
    ]);
    expect(sources()).toEqual(["connectors"]);
  });

  test("UTF-16, which PowerShell writes in either order, and a byte order mark", () => {
    const text = JSON.stringify(fixture("healthy", "instances.json"));
    writeFileSync(join(folder, "a.json"), Buffer.from(`\ufeff${text}`, "utf16le"));
    writeFileSync(join(folder, "b.json"), Buffer.from(`\ufeff${JSON.stringify(fixture("healthy", "redis.json"))}`));
    writeFileSync(
      join(folder, "c.json"),
      Buffer.from(`\ufeff${JSON.stringify(fixture("healthy", "connectors.json"))}`, "utf16le").swap16(),
    );
    expect(sources()).toEqual(["caches", "connectors", "instances"]);
  });

  test("in gcloud's default form, alone as `describe` prints it and as the documents of a list", () => {
    write("instance.yaml", stringify(fixture("healthy", "instances.json")[0]));
    write(
      "services.yaml",
      fixture("healthy", "services.json")
        .map((service: object) => `---\n${stringify(service)}`)
        .join(""),
    );
    write("redis.yaml", `---\n${stringify(fixture("healthy", "redis.json")[0])}`);
    const { objects, listed, notes } = collectFromFiles(folder, LOCATION);
    const json = [
      ...fixture("healthy", "instances.json"),
      ...fixture("healthy", "redis.json"),
      ...fixture("healthy", "services.json"),
    ];
    expect(objects.map(({ object }) => object)).toEqual(json);
    expect([...listed]).toEqual(["caches", "services"]);
    expect(notes).toEqual([]);
  });

  test("several objects of `describe` in one file are no list of all", () => {
    const [first, second] = fixture("healthy", "services.json").map((service: object) => stringify(service));
    write("services.yaml", `${first}---\n${second}`);
    const { objects, listed, collected } = collectFromFiles(folder, LOCATION);
    expect([objects.length, [...collected], [...listed]]).toEqual([2, ["services"], []]);
  });

  test("a text without quotes that looks like a number with an exponent, as gcloud prints it", () => {
    write("versions.yaml", "name: projects/netra-staging/secrets/s/versions/1\nstate: ENABLED\netag: 12e456\n");
    expect(collectFromFiles(folder, LOCATION).objects[0]?.object.etag).toBe("12e456");
  });

  test("YAML files with a mistake are all named with its line, and nothing of them is repeated", () => {
    write("cut.yml", "name: hunter2\nitems: [\n");
    write("twice.yaml", "name: hunter2\nname: hunter2\n");
    write("text.txt", "a: hunter2\n b: [\n");
    const end =
      "must be valid YAML because its objects are judged; collect it again, put a line '---' between two objects, or remove the file";
    expect(() => collectFromFiles(folder, LOCATION)).toThrow(
      new InputError([
        { setting: "", message: `'${join(folder, "cut.yml")}' (line 3) ${end}` },
        { setting: "", message: `'${join(folder, "twice.yaml")}' (line 2) ${end}` },
      ]).message,
    );
  });

  test("a table and a text are no objects, and nothing of them is repeated", () => {
    write("instances.yaml", "NAME  DATABASE_VERSION\nhunter2  POSTGRES_14\n");
    write("text.yaml", "hunter2\n");
    const { notes, hidden } = collectFromFiles(folder, LOCATION);
    expect(notes).toEqual(
      ["instances.yaml", "text.yaml"].map(
        (file) => `${file} is neither JSON nor YAML (--format=json prints it), and is left out`,
      ),
    );
    expect([...hidden.keys()]).toEqual(["instances"]);
  });

  test("a link counts for what it leads to; what is no file is named, and nobody waits for a pipe", () => {
    write("redis.json", fixture("healthy", "redis.json"));
    symlinkSync(join(collectionOf("healthy"), "instances.json"), join(folder, "link"));
    symlinkSync(join(folder, "gone"), join(folder, "nowhere"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(sources()).toEqual(["caches", "instances"]);
    expect(collectFromFiles(folder, LOCATION).notes).toEqual([
      "nowhere is not a file, and is left out",
      "pipe is not a file, and is left out",
    ]);
  });

  test("a folder among the files is named", () => {
    mkdirSync(join(folder, "old"));
    write("redis.json", fixture("healthy", "redis.json"));
    expect(collectFromFiles(folder, LOCATION).notes).toEqual(["old is a folder, and is left out"]);
  });

  test("takes a resource that two files show alike once, and reports one that they show differently", () => {
    const [service] = fixture("healthy", "services.json");
    write("a.json", [service]);
    write("b.json", service);
    expect(collectFromFiles(folder, LOCATION)).toMatchObject({
      objects: [{ source: "services", from: "a.json" }],
      notes: [],
    });
    write("c.json", { ...service, spec: {} });
    expect(collectFromFiles(folder, LOCATION).notes).toEqual([
      "a.json and c.json show netra-auth-service in us-central1 differently: the first one is judged",
    ]);
  });

  test("a field of another type than Google's leaves its object out, with the field's name only", () => {
    write("instances.json", [{ ...fixture("healthy", "instances.json")[0], settings: { tier: ["hunter2"] } }]);
    const { deployed, notes } = deployedFrom(collectFromFiles(folder, LOCATION), LOCATION);
    expect(deployed).toEqual([]);
    expect(notes).toEqual([
      "instances.json has an object of an unknown form (settings.tier must be a text), which is left out",
    ]);
  });
});

test("no folder and an empty one are refused", () => {
  const problem = (path: string) => {
    try {
      collectFromFiles(path, LOCATION);
      return undefined;
    } catch (error) {
      return error instanceof InputError ? error.message : error;
    }
  };
  expect(problem(join(folder, "none"))).toBe(
    `'--from' (${join(folder, "none")}) must be a folder that can be read because the collected files are in it; give another one`,
  );
  expect(problem(folder)).toBe(
    `'--from' (${folder}) must hold collected files because there is nothing to judge in an empty folder; \`npm run diagnose -- --help\` prints the lines that collect them`,
  );
});

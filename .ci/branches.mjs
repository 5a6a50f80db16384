// Lists the branches of policy/ and capacity/ that no test has reached, from the coverage report.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const files = Object.values(JSON.parse(readFileSync(".reports/coverage/coverage-final.json", "utf8")));
let unreached = 0;
for (const { path, branchMap, b: counts } of files) {
  const file = relative(process.cwd(), path);
  if (!/^(policy|capacity)\//.test(file)) continue;
  const lines = readFileSync(path, "utf8").split("\n");
  for (const [id, { type, loc, locations }] of Object.entries(branchMap))
    for (const [index, location] of locations.entries()) {
      if (counts[id][index] > 0) continue;
      unreached++;
      const line = location.start.line ?? loc.start.line; // an `else` that is not written has no place
      console.log(`${file}:${line} ${type}: ${lines[line - 1].trim()}`);
    }
}
console.log(`${unreached} branches of policy/ and capacity/ that no test has reached`);

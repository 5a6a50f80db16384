// Prints `N passed, N failed` from vitest's JSON reports; exits 1 when a test failed, a report is missing, or one
// executed no test.
import { readFileSync } from "node:fs";

let passed = 0;
let failed = 0;
let sound = true;
for (const file of process.argv.slice(2)) {
  let report = { numPassedTests: 0, numFailedTests: 0, success: false, testResults: [] };
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    console.error(`no test report: ${error.message}`);
  }
  // A file that cannot even be loaded has no failed test to count, but it has failed.
  const brokenFiles = report.testResults.filter(
    (result) => result.status === "failed" && result.assertionResults.length === 0,
  ).length;
  if (report.numPassedTests + report.numFailedTests + brokenFiles === 0)
    console.error(`no test was executed (${file})`);
  passed += report.numPassedTests;
  failed += report.numFailedTests + brokenFiles;
  sound &&= report.success && report.numPassedTests > 0;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(sound && passed > 0 && failed === 0 ? 0 : 1);

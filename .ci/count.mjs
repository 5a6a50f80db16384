// Prints `N passed, N failed` from a vitest JSON report; exits 1 when a test failed, none was executed, or there is no report.
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
let report = { numPassedTests: 0, numFailedTests: 0, success: false, testResults: [] };
try {
  report = JSON.parse(readFileSync(file, "utf8"));
} catch (error) {
  console.error(`no test report: ${error.message}`);
}
// A file that cannot even be loaded has no failed test to count, but it has failed.
const brokenFiles = report.testResults.filter((result) => result.status === "failed" && result.assertionResults.length === 0).length;
const failed = report.numFailedTests + brokenFiles;
if (report.numPassedTests + failed === 0) console.error("no test was executed");
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exit(report.success && report.numPassedTests > 0 && failed === 0 ? 0 : 1);

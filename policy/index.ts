import { PolicyPack } from "@pulumi/policy";
import { asPolicy } from "./framework/pulumi";
import { planOfRun } from "./framework/run-plan";
import { rules } from "./rules";

const plan = planOfRun();

new PolicyPack("staging-capacity", {
  policies: rules.map((rule) => asPolicy(rule, () => plan)),
  enforcementLevel: "mandatory",
});

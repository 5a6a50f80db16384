import { PolicyPack } from "@pulumi/policy";
import { asPolicy } from "./framework/pulumi";
import { rules } from "./rules";
import { planOfRun } from "./run-plan";

const plan = planOfRun();

new PolicyPack("staging-capacity", { policies: rules.map((rule) => asPolicy(rule, () => plan)), enforcementLevel: "mandatory" });

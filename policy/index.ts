import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

new PolicyPack("staging-capacity", { policies: [...rules], enforcementLevel: "mandatory" });

import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

/** Google's default accounts, which all services of the project share and which may do nearly everything. */
const SHARED =
  /^(\d+-compute@developer\.gserviceaccount\.com|[^@\s]+@(appspot|cloudservices|cloudbuild)\.gserviceaccount\.com)$/;
const ACCOUNT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9.-]*\.iam\.gserviceaccount\.com$/;

export const serviceIdentity = resourceRule({
  name: "service-identity",
  info: "Every workload runs as its own service account.",
  why: "Otherwise it runs as the project's default account, which may read every secret and change every resource.",
  severity: "high",
  remediation: "Set template.serviceAccount (v1: serviceAccountName) to the address of a dedicated service account.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const key = workload.kind === "v1 service" ? "serviceAccountName" : "serviceAccount";
    // An output of another resource is an account that it creates. This rule reads the address itself before the
    // workload is created.
    if (workload.pod.isUnknown(key)) return;
    const account = workload.pod.text(key) ?? "";
    if (ACCOUNT.test(account)) return;
    const isShared = SHARED.test(account);
    refuse(
      problem({
        setting: workload.pod.at(key),
        value: account === "" || isShared ? account || undefined : "no service account's address",
        must: "be a dedicated service account's address",
        because: isShared
          ? "every workload of the project shares this account, and it may do nearly everything"
          : "the workload otherwise runs as the project's default account, or not at all",
        fix: `an address like ${workload.label.slice(0, 30)}@PROJECT.iam.gserviceaccount.com`,
      }),
    );
  },
});

import { Inputs, MalformedValueError, parsedJson } from "../framework/inputs";
import { revisionAnnotations, type Workload } from "./workload";

/** How a workload reaches the VPC: a block in v2, annotations in v1. */
interface VpcAccess {
  /** The inputs that state connector and egress, and their keys. */
  readonly inputs: Inputs;
  readonly keys: { readonly connector: string; readonly egress: string; readonly networkInterfaces: string };
  /** Whether there is a connector or a network interface. Its name may be unknown at preview. */
  readonly connected: boolean;
}

const V2 = { connector: "connector", egress: "egress", networkInterfaces: "networkInterfaces" };
const V1 = {
  connector: "run.googleapis.com/vpc-access-connector",
  egress: "run.googleapis.com/vpc-access-egress",
  networkInterfaces: "run.googleapis.com/network-interfaces",
};

export function vpcAccessOf(workload: Workload): VpcAccess {
  // A v1 service states its network interfaces as JSON; [] means none.
  const isStated = (inputs: Inputs, key: string) =>
    inputs.isUnknown(key) || !/^(\[\s*\])?$/.test((inputs.text(key) ?? "").trim());
  if (workload.kind === "v1 service") {
    const inputs = revisionAnnotations(workload);
    return { inputs, keys: V1, connected: isStated(inputs, V1.connector) || isStated(inputs, V1.networkInterfaces) };
  }
  const inputs = workload.pod.object("vpcAccess");
  const interfaces = () =>
    inputs.isUnknown(V2.networkInterfaces) ||
    inputs.list(V2.networkInterfaces).some((item) => isStated(item, "network") || isStated(item, "subnetwork"));
  return { inputs, keys: V2, connected: isStated(inputs, V2.connector) || interfaces() };
}

/** The traffic that leaves through the VPC; Cloud Run's default is the private ranges. */
export function egressOf(workload: Workload): "private-ranges-only" | "all-traffic" {
  const { inputs, keys } = vpcAccessOf(workload);
  const egress = inputs.text(keys.egress)?.toLowerCase().replaceAll("_", "-") || "private-ranges-only";
  if (egress === "private-ranges-only" || egress === "all-traffic") return egress;
  if (egress === "all") return "all-traffic"; // v1's older spelling
  throw new MalformedValueError(`${inputs.at(keys.egress)} must be private-ranges-only or all-traffic`);
}

/** The spelling of private-ranges-only in a workload of that kind. */
export const privateRangesOnly = ({ kind }: Workload): string =>
  kind === "v1 service" ? "private-ranges-only" : "PRIVATE_RANGES_ONLY";

/** A network interface of direct VPC egress. Network and subnetwork are absent if they are unknown at preview. */
interface NetworkInterface {
  /** The setting that names the subnetwork. */
  readonly setting: string;
  readonly subnetwork?: string | undefined;
  readonly networkSetting: string;
  readonly network?: string | undefined;
}

export function networkInterfacesOf(workload: Workload): NetworkInterface[] {
  const { inputs, keys } = vpcAccessOf(workload);
  const setting = inputs.at(keys.networkInterfaces);
  if (inputs.isUnknown(keys.networkInterfaces)) return [{ setting, networkSetting: setting }];
  const items =
    workload.kind === "v1 service"
      ? listIn(inputs, keys.networkInterfaces)
      : inputs.knownOnly().list(keys.networkInterfaces);
  return items.map((item) => ({
    setting: item.at("subnetwork"),
    subnetwork: item.knownOnly().text("subnetwork") || undefined,
    networkSetting: item.at("network"),
    network: item.knownOnly().text("network") || undefined,
  }));
}

/** A v1 service states the list as JSON in an annotation. */
function listIn(annotations: Inputs, key: string): Inputs[] {
  const value = parsedJson(annotations.text(key) || "[]", annotations.at(key), "a list");
  return new Inputs({ [key]: value }, annotations.path).list(key);
}

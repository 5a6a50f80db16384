import { type Range, startFacts } from "../limits";

/*
 * How a client reaches its database. One model for the stack file, the policies and the storms: whether a path can
 * work, how long it takes to open, and which setting mends it.
 *
 * Facts (Cloud Run and Cloud SQL documentation; GoogleCloudPlatform/cloud-sql-proxy 848):
 * - The built-in socket is the Cloud SQL Auth Proxy. It dials the public address if the instance has one, else the
 *   private one.
 * - A private address is reached only through VPC access. It needs no Cloud NAT.
 * - With all-traffic egress, whatever is on the internet needs Cloud NAT; Google's APIs need it or Private Google
 *   Access.
 * - The socket and language connectors call the Cloud SQL Admin API, one of Google's APIs, before they connect.
 */

/**
 * How a client dials: `address`: the address in its environment; `socket`: Cloud Run's built-in Cloud SQL socket;
 * `proxy`: an Auth Proxy beside it or a connector library in it.
 */
export type Dialing = "address" | "socket" | "proxy";

/** Which addresses a database has. With neither, it counts as private: nothing reaches it from the internet. */
export interface DatabaseAddresses {
  readonly isPublic: boolean;
  readonly isPrivate: boolean;
}

export interface DatabaseRoute {
  readonly dials: Dialing;
  /**
   * Which of its addresses the client dials, where that is known; left out: one that works. The socket chooses by
   * itself.
   */
  readonly address?: keyof typeof ADDRESS_KINDS | undefined;
  readonly egress: "private-ranges-only" | "all-traffic";
  readonly vpcAccess: "connector" | "direct-vpc" | "none";
  /** Whether a Cloud NAT leads from the VPC to the internet. */
  readonly hasNat: boolean;
  /**
   * Private Google Access of the subnetwork that packets leave through; `undefined`: not known. A connector with a
   * range of its own lies in a hidden subnetwork that shows none.
   */
  readonly privateGoogleAccess?: boolean | undefined;
  readonly database: DatabaseAddresses;
}

const ADDRESS_KINDS = { public: "isPublic", private: "isPrivate" } as const;

/**
 * Why a path cannot work at any size, and what mends it: VPC access, the egress setting, or the address that is
 * dialled.
 */
export interface PathFault {
  readonly lever: "vpcAccess" | "egress" | "address";
  readonly because: string;
}

/** What a path is worth. */
export interface PathVerdict {
  /** Every connect fails. */
  readonly fault?: PathFault | undefined;
  /** A fresh instance passes no packet until that long after its start. */
  readonly opensAfterSeconds?: Range | undefined;
  /** Whether connects go through the VPC: through the connector, where there is one. */
  readonly throughVpc: boolean;
  /** Whether each process calls the Cloud SQL Admin API before its first connect. */
  readonly callsAdminApi: boolean;
}

/** Judges a path to a database. */
export function databasePath(route: DatabaseRoute): PathVerdict {
  const address = dialled(route);
  const throughVpc = route.vpcAccess !== "none" && (address === "private" || route.egress === "all-traffic");
  return {
    fault: faultOf(route, address),
    opensAfterSeconds:
      throughVpc && route.vpcAccess === "direct-vpc" ? startFacts.directVpcOpensSeconds.value : undefined,
    throughVpc,
    callsAdminApi: route.dials !== "address",
  };
}

function dialled({ dials, address, database }: DatabaseRoute): keyof typeof ADDRESS_KINDS {
  if (dials !== "socket" && address) return address;
  if (dials === "socket") return database.isPublic ? "public" : "private";
  return database.isPrivate || !database.isPublic ? "private" : "public";
}

function faultOf(route: DatabaseRoute, address: keyof typeof ADDRESS_KINDS): PathFault | undefined {
  const other = address === "public" ? "private" : "public";
  if (!route.database[ADDRESS_KINDS[address]] && route.database[ADDRESS_KINDS[other]])
    return {
      lever: "address",
      because: `the client dials the database's ${address} address, and this database has only a ${other} one`,
    };
  if (address === "private" && route.vpcAccess === "none")
    return {
      lever: "vpcAccess",
      because: "a private address is reachable only through the VPC, and the workload has no VPC access",
    };
  if (!sendsAllWithoutNat(route)) return undefined;
  if (address === "public")
    return {
      lever: "egress",
      because: `${ALL_TRAFFIC}, and the database's public address is on the internet: every dial fails after about 34 s`,
    };
  if (route.dials !== "address" && route.privateGoogleAccess === false)
    return {
      lever: "egress",
      because: `${ALL_TRAFFIC}, the subnetwork has no Private Google Access, and the client calls the Cloud SQL Admin API before it connects`,
    };
  return undefined;
}

/** The cause of what is refused or advised because nothing leads from the VPC to the internet. */
export const NO_NAT = "no NAT";

const ALL_TRAFFIC = "all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT";

/** Where packets leave, for every destination. */
export type Egress = Pick<DatabaseRoute, "egress" | "vpcAccess" | "hasNat" | "privateGoogleAccess">;

const sendsAllWithoutNat = ({ egress, vpcAccess, hasNat }: Egress) =>
  egress === "all-traffic" && vpcAccess !== "none" && !hasNat;

/**
 * What all-traffic egress without Cloud NAT cuts off, as advice: starts do not need it, requests may. `undefined`:
 * nothing.
 */
export function egressAdvice(route: Egress): string | undefined {
  if (!sendsAllWithoutNat(route)) return undefined;
  const googleApis = {
    true: "",
    false: ", and Google's APIs do not either",
    undefined: ", and Google's APIs only with Private Google Access",
  };
  return `${ALL_TRAFFIC}: private addresses answer, whatever the workload calls on the internet does not${googleApis[`${route.privateGoogleAccess}`]}`;
}

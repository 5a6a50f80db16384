import { pathFault } from "../../capacity/budget";
import { problem } from "../../capacity/problem";
import { regionOf } from "../connectors";
import { databasesOf, usesSocket } from "../database-of";
import { type StackResource, stackRule } from "../rule";
import { ROUTER_NAT } from "../types";
import { egressOf, vpcAccessOf } from "../vpc-access";
import { databaseContainers, DATABASE_HOSTS, regionsOf, WORKLOAD_TYPES, type Workload, workloadOf } from "../workload";

import type { Query } from "../../../capacity/monitoring/alert";
import type { Aligner, Reducer } from "../../../capacity/monitoring/alignment";

/** The query of a request to projects.timeSeries.list, read back from its parameters. */
export function queryOfRequest(parameters: URLSearchParams): Query {
  const text = (name: string) => parameters.get(name) ?? "";
  return {
    filter: text("filter"),
    aggregation: {
      alignmentSeconds: Number.parseInt(text("aggregation.alignmentPeriod"), 10),
      aligner: text("aggregation.perSeriesAligner") as Aligner, // `queryFaults` knows no other
      reducer: text("aggregation.crossSeriesReducer") as Reducer, // nor any other reducer
      groupBy: parameters.getAll("aggregation.groupByFields"),
    },
  };
}

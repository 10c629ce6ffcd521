/** Routes live behind the hash, so that the page is one file wherever it is served. No DOM. */

export type Route =
  | { view: "board" }
  | { view: "machines" }
  | { view: "disruptions" }
  | { view: "proposal"; id: string }
  | { view: "compare"; id: string; scenario: string }
  | { view: "outcomes" }
  | { view: "stations" }
  | { view: "station"; machine: string }
  | { view: "log" }
  | { view: "unknown"; hash: string };

export function parse(hash: string): Route {
  const [view = "", first = "", second = ""] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  switch (view) {
    case "":
    case "board":
      return { view: "board" };
    case "machines":
    case "disruptions":
    case "outcomes":
    case "log":
      return { view };
    case "proposal":
      if (first && second) return { view: "compare", id: first, scenario: second };
      return first ? { view: "proposal", id: first } : { view: "disruptions" };
    case "station":
      return first ? { view: "station", machine: first } : { view: "stations" };
    default:
      return { view: "unknown", hash };
  }
}

const of = encodeURIComponent;

export const to = {
  board: "#/",
  machines: "#/machines",
  disruptions: "#/disruptions",
  outcomes: "#/outcomes",
  stations: "#/station",
  log: "#/log",
  proposal: (id: string) => `#/proposal/${of(id)}`,
  compare: (id: string, scenario: string) => `#/proposal/${of(id)}/${of(scenario)}`,
  station: (machine: string) => `#/station/${of(machine)}`,
};

// Where each step of a flow is drawn: dagre decides, this turns its answer into shapes.
import dagre from "@dagrejs/dagre";
import type { Run, Step } from "../protocol";

export interface Box {
  step: Step;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  path: string;
  label: string;
  x: number;
  y: number;
  walked: boolean;
}

export interface Picture {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
}

const HEIGHT = 32;
const LETTER = 7;

export const widthOf = (text: string, least: number) => Math.max(least, text.length * LETTER + 50);

/** A way out of a step for when something goes wrong; drawn only once it was taken, or on request. */
const isExit = (edge: Run["edges"][number]) => edge.label.startsWith("on ");

/** The ordinary way through a flow, with whatever else was reached; and how much that leaves out. */
export function mainPart(steps: readonly Step[], edges: Run["edges"]): { steps: Step[]; edges: Run["edges"]; hidden: number } {
  const shown = new Set(steps.filter((one) => one.state !== "ahead").map((one) => one.id));
  const queue = steps.slice(0, 1).map((one) => one.id);
  const passed = new Set<string>();
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (passed.has(id)) continue;
    passed.add(id);
    shown.add(id);
    for (const edge of edges) if (edge.from === id && !isExit(edge)) queue.push(edge.to);
  }
  return {
    steps: steps.filter((one) => shown.has(one.id)),
    edges: edges.filter((one) => shown.has(one.from) && shown.has(one.to) && (!isExit(one) || !passed.has(one.to))),
    hidden: steps.length - shown.size,
  };
}

/** Several ways between the same two steps are one line with all their names. */
function joined(edges: Run["edges"]): Run["edges"] {
  const lines = new Map<string, Run["edges"][number]>();
  for (const edge of edges) {
    const key = `${edge.from} ${edge.to}`;
    const label = lines.get(key)?.label;
    lines.set(key, { ...edge, label: label ? `${label}, ${edge.label.replace(/^on /, "")}` : edge.label });
  }
  return [...lines.values()];
}

export function layOut(steps: readonly Step[], edges: Run["edges"]): Picture {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 18, ranksep: 26, edgesep: 16, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of steps) graph.setNode(step.id, { width: widthOf(step.title, 96), height: HEIGHT });
  const known = new Set(steps.map((one) => one.id));
  const drawn = joined(edges.filter((one) => known.has(one.from) && known.has(one.to)));
  drawn.forEach((one, at) => {
    const label = one.label ? { width: one.label.length * 6 + 10, height: 16, labelpos: "c" } : {};
    graph.setEdge(one.from, one.to, label, String(at));
  });
  dagre.layout(graph);
  const boxes = steps.map((step) => {
    const { x, y, width, height } = graph.node(step.id) as unknown as Box;
    return { step, x, y, width, height };
  });
  const walked = walkedEdges(steps, drawn);
  const lines = drawn.map((one, at) => {
    const edge = graph.edge({ v: one.from, w: one.to, name: String(at) }) as any;
    return { path: smooth(edge.points), label: one.label, x: edge.x ?? 0, y: edge.y ?? 0, walked: walked.has(one) };
  });
  const { width = 200, height = 100 } = graph.graph() as { width?: number; height?: number };
  return { width, height, boxes, lines };
}

/** Of each step that was reached: the way on to the nearest reached step after it. Ways back are not told apart. */
function walkedEdges(steps: readonly Step[], edges: Run["edges"]): Set<Run["edges"][number]> {
  const place = new Map(steps.map((one, at) => [one.id, at]));
  const reached = new Set(steps.filter((one) => one.state !== "ahead").map((one) => one.id));
  const ways = new Map<string, Run["edges"][number]>();
  for (const edge of edges) {
    const [from, to] = [place.get(edge.from)!, place.get(edge.to)!];
    if (!reached.has(edge.from) || !reached.has(edge.to) || to <= from) continue;
    const best = ways.get(edge.from);
    if (!best || to < place.get(best.to)!) ways.set(edge.from, edge);
  }
  return new Set(ways.values());
}

/** Through the points by quadratic curves, so that no line has a corner. */
function smooth(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  let path = `M${first.x},${first.y}`;
  for (let at = 0; at < rest.length - 1; at++) {
    const [here, next] = [rest[at], rest[at + 1]];
    path += ` Q${here.x},${here.y} ${(here.x + next.x) / 2},${(here.y + next.y) / 2}`;
  }
  const last = rest[rest.length - 1];
  return `${path} L${last.x},${last.y}`;
}

// The flow as a picture: what is done, where it is now, what lies ahead; told by sign and outline, not colour alone.
import { useEffect, useMemo, useRef, useState } from "react";
import type { Run, Step } from "../protocol";
import { layOut, mainPart, type Box } from "./layout";

const SIGN = { done: "✓", now: "●", ahead: "", failed: "!" } as const;
const WORD = { done: "done", now: "current step", ahead: "ahead", failed: "failed" } as const;

const LEAST = 0.85; // a picture is never drawn smaller than this: its letters would be too small to read

export function Graph({ run }: { run: Run }) {
  const sign = JSON.stringify([run.steps, run.edges]);
  const steps = useMemo(() => run.steps.map(titled), [sign]);
  const [all, showAll] = useState(false);
  const part = useMemo(() => mainPart(steps, run.edges), [steps]);
  const picture = useMemo(() => (all ? layOut(steps, run.edges) : layOut(part.steps, part.edges)), [steps, all]);
  const view = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  const now = steps.find((one) => one.state === "now")?.id;
  useEffect(() => {
    const box = view.current;
    if (!box) return;
    setWide(box.scrollWidth > box.clientWidth + 1);
    const here = box.querySelector(".is-now") ?? box.querySelector(".step");
    if (here) box.scrollLeft += here.getBoundingClientRect().left + here.getBoundingClientRect().width / 2 - box.getBoundingClientRect().left - box.clientWidth / 2;
  }, [picture, now]);
  if (!run.steps.length) return null;
  return (
    <figure className="graph">
      <div className="graph-window" ref={view} tabIndex={wide ? 0 : undefined} role={wide ? "region" : undefined} aria-label={wide ? "Steps, to be scrolled sideways" : undefined}>
        <svg viewBox={`0 0 ${picture.width} ${picture.height}`} width={picture.width} height={picture.height} style={{ minWidth: picture.width * LEAST }} role="group" aria-label={`Steps of ${run.flow}`}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0.8L7 4 0 7.2z" className="arrow" />
            </marker>
          </defs>
          {picture.lines.map((line, at) => <path key={at} d={line.path} className={line.walked ? "edge walked" : "edge"} markerEnd="url(#arrow)" />)}
          {picture.lines.map((line, at) =>
            line.label ? (
              <g key={at} className="edge-label" aria-hidden="true">
                <rect x={line.x - line.label.length * 3 - 4} y={line.y - 8} width={line.label.length * 6 + 8} height={16} rx={4} />
                <text x={line.x} y={line.y + 3.5}>{line.label}</text>
              </g>
            ) : null,
          )}
          {picture.boxes.map((box) => <Node key={box.step.id} box={box} />)}
        </svg>
      </div>
      {part.hidden > 0 && (
        <button type="button" className="quiet small" aria-pressed={all} onClick={() => showAll(!all)}>
          {all ? "Only the ordinary way" : `Show all steps (${part.hidden} more)`}
        </button>
      )}
      <ol className="hidden">
        {steps.map((step) => <li key={step.id}>{name(step)}</li>)}
      </ol>
    </figure>
  );
}

const titled = (step: Step): Step => ({ ...step, title: step.title.charAt(0).toUpperCase() + step.title.slice(1) });
const name = (step: Step) => `${step.title}, ${step.type}, ${WORD[step.state]}`;

function Node({ box }: { box: Box }) {
  const { step, x, y, width, height } = box;
  return (
    <g
      className={`step is-${step.state}`}
      tabIndex={0}
      role="img"
      aria-label={name(step)}
      aria-current={step.state === "now" ? "step" : undefined}
      transform={`translate(${x - width / 2} ${y - height / 2})`}
    >
      <title>{`${step.id}: ${step.type}`}</title>
      <Shape type={step.type} width={width} height={height} />
      <text x={width / 2} y={height / 2 + 4.5}>
        {SIGN[step.state] && <tspan className="sign">{SIGN[step.state]} </tspan>}
        {step.title}
      </text>
    </g>
  );
}

/** Each kind of step has its own outline. */
function Shape({ type, width, height }: { type: string; width: number; height: number }) {
  const h = height;
  const w = width;
  switch (type) {
    case "branch":
    case "choice":
      return <path className="shape" d={`M12 0H${w - 12}L${w} ${h / 2}L${w - 12} ${h}H12L0 ${h / 2}Z`} />;
    case "approve":
    case "confirm":
    case "handoff":
      return (
        <>
          <rect className="shape" width={w} height={h} rx={8} />
          <rect className="inner" x={3} y={3} width={w - 6} height={h - 6} rx={5} />
        </>
      );
    case "tool":
    case "think":
    case "subflow":
      return <rect className="shape" width={w} height={h} rx={2} />;
    case "end":
    case "message":
      return <rect className="shape" width={w} height={h} rx={h / 2} />;
    default:
      return <rect className="shape" width={w} height={h} rx={8} />;
  }
}

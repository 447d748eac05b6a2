// A log of messages: stays at its end while one reads the end, and is read out politely.
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";

export function Log({ label, count, place, children }: { label: string; count: number; place: string; children: ReactNode }) {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    atEnd.current = true;
    toEnd(log.current);
  }, [place]);
  useEffect(() => {
    if (atEnd.current) toEnd(log.current);
  }, [count]);
  useEffect(() => {
    // What grows later (a card, a lazily loaded block) must not push the end out of sight.
    const inner = log.current?.firstElementChild;
    if (!inner) return undefined;
    const watcher = new ResizeObserver(() => atEnd.current && toEnd(log.current));
    watcher.observe(inner);
    watcher.observe(log.current!); // and neither must a bar that takes room away
    return () => watcher.disconnect();
  }, [place]);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = log.current!;
    atEnd.current = scrollHeight - scrollTop - clientHeight < 60;
  };
  return (
    <div className="log" role="log" aria-label={label} aria-live="polite" tabIndex={0} ref={log} onScroll={scrolled}>
      <div className="log-inner">{children}</div>
    </div>
  );
}

function toEnd(log: HTMLDivElement | null) {
  if (log) log.scrollTop = log.scrollHeight;
}

/** The beginning of a place: so that it is never empty, and says what this is. */
export function Intro({ title, text }: { title: string; text: string }) {
  return (
    <div className="intro">
      <strong>{title}</strong>
      <p>{text}</p>
    </div>
  );
}

// The list of places of one pane, with what is new in each.
import { useEffect, useRef } from "react";

export interface Entry {
  id: string;
  label: string;
  unread: number;
}

export function Channels({ label, entries, current, go }: { label: string; entries: Entry[]; current: string; go: (id: string) => void }) {
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    strip.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);
  return (
    <nav className="channels" aria-label={label} ref={strip}>
      {entries.map((one) => (
        <button key={one.id} type="button" aria-current={one.id === current ? "page" : undefined} className={one.unread ? "has-new" : ""} onClick={() => go(one.id)}>
          {one.label}
          {one.unread > 0 && (
            <span className="badge">
              {one.unread}
              <span className="hidden"> new</span>
            </span>
          )}
        </button>
      ))}
    </nav>
  );
}

// Name, persons, theme, demo, and whether we are connected.
import { useState } from "react";
import { Avatar } from "./Avatar";
import type { Demo } from "./demo";
import { useDesk } from "./desk";
import { Help } from "./Help";
import { whoDecides } from "./runs";
import { useWidth } from "./useWidth";

export function Header({ demo, toggleTheme }: { demo: Demo; toggleTheme: () => void }) {
  const { link, theme } = useDesk();
  const width = useWidth();
  return (
    <header className="top">
      <a className="skip" href="#panes">Skip to the chats</a>
      <h1>
        <svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M8 16l5 5L24 9" /></svg>
        <span>Countersign</span>
      </h1>
      {width === "phone" ? <PersonSelect /> : <PersonPills />}
      <div className="tools">
        <p className={`link is-${link}`} role="status">{link === "live" ? <span className="hidden">connected</span> : `${link}…`}</p>
        <DemoButtons demo={demo} short={width === "phone"} />
        <button type="button" className="quiet" aria-label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggleTheme}>
          <span aria-hidden="true">{theme === "dark" ? "☀" : "☾"}</span>
        </button>
      </div>
    </header>
  );
}

function PersonPills() {
  const { state, me, become, unreadOf } = useDesk();
  const wanted = whoDecides(state, me);
  return (
    <div className="persons" role="radiogroup" aria-label="Act as">
      {state.persons.map((one, at) => {
        const count = unreadOf(one);
        const news = one.id === wanted?.id ? ", has to decide" : count ? `, ${count} new` : "";
        return (
          <label key={one.id} className={`person ${one.id === wanted?.id ? "wanted" : ""}`}>
            <input type="radio" name="person" checked={one.id === me.id} onChange={() => become(one.id)} aria-label={`${one.name}, ${one.role}${news}`} />
            <Avatar name={one.name} />
            <span className="person-name">
              {one.name.split(" ")[0]} <small>{one.role}</small>
            </span>
            <kbd aria-hidden="true">{at + 1}</kbd>
            {one.id !== me.id && (count > 0 || one.id === wanted?.id) && <span className="badge" aria-hidden="true">{one.id === wanted?.id ? "!" : count}</span>}
          </label>
        );
      })}
    </div>
  );
}

function PersonSelect() {
  const { state, me, become, unreadOf } = useDesk();
  const label = (count: number) => (count ? ` (${count} new)` : "");
  return (
    <select className="person-select" aria-label="Act as" value={me.id} onChange={(event) => become(event.target.value)}>
      {state.persons.map((one) => <option key={one.id} value={one.id}>{one.name.split(" ")[0]} · {one.role}{one.id === me.id ? "" : label(unreadOf(one))}</option>)}
    </select>
  );
}

function DemoButtons({ demo, short }: { demo: Demo; short: boolean }) {
  const [help, setHelp] = useState(false);
  return (
    <>
      {demo.state === "idle" ? (
        <button type="button" className="button demo" aria-label="Play the demo" onClick={demo.play}>▶{short ? "" : " Demo"}</button>
      ) : (
        <>
          <button type="button" className="button demo" aria-label={demo.state === "paused" ? "Continue the demo" : "Pause the demo"} onClick={demo.pause}>{demo.state === "paused" ? "▶" : "❚❚"}</button>
          <button type="button" className="button demo" aria-label="Stop the demo" onClick={demo.stop}>■</button>
        </>
      )}
      {!short && <button type="button" className="quiet" aria-label="Keys" onClick={() => setHelp(true)}>?</button>}
      {help && <Help done={() => setHelp(false)} />}
    </>
  );
}
